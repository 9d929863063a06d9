"""What JupyterHub is told for a room. `make hub` looks that it can be, writes the settings, and starts it with this file."""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.hub_door import Door  # noqa: E402
from tools.hub_spawner import LimitedSpawner  # noqa: E402

room = json.loads(Path(os.environ["TDXKIT_ROOM"]).read_text(encoding="utf-8"))
secret = Path(room["state"]) / "secret"
c = get_config()  # noqa: F821  JupyterHub gives it

c.JupyterHub.bind_url = room["address"]
if room["domain"]:  # a name for each learner, so that the page of one cannot act in the name of another
    c.JupyterHub.subdomain_host = room["page"]
c.JupyterHub.ssl_cert, c.JupyterHub.ssl_key = room["tls_cert"], room["tls_key"]
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{room['port'] + 1}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{room['port'] + 2}"
c.ConfigurableHTTPProxy.command = room["proxy"]
c.ConfigurableHTTPProxy.pid_file = str(secret / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{secret / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(secret / "cookie")
c.JupyterHub.cleanup_servers = (
    False  # a hub that is started again finds the servers of its learners, and their kernels, as they were
)

c.JupyterHub.authenticator_class = Door
c.Door.allowed_groups = {room["group"]}
c.Door.executor_threads = 32  # a false password takes PAM three seconds
c.Door.open_sessions = False  # a session of PAM would end with the login and not with the server

c.JupyterHub.spawner_class = LimitedSpawner
c.LimitedSpawner.memory = room["memory"]
c.LimitedSpawner.processes = room["processes"]
c.LimitedSpawner.cgroup = room["cgroup"]
c.LimitedSpawner.command = [sys.executable, str(Path(__file__).with_name("start.py"))]
c.JupyterHub.template_vars = {
    "announcement_login": "The tdxkit workbook. Name and password are those that you were given."
}
c.Spawner.environment = {"TDXKIT_NOTEBOOKS": room["notebooks"], "TDXKIT_BRANCH": room["branch"]}
c.Spawner.ip = "127.0.0.1"
c.Spawner.default_url = "/lab/tree/tdxkit/00-start-here.ipynb"
c.Spawner.start_timeout = c.Spawner.http_timeout = 300  # a room that begins at once waits for each other
c.JupyterHub.concurrent_spawn_limit = 0  # with a limit some would be sent away

c.JupyterHub.services = [
    {
        "name": "idle",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={room['idle']}"],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle",
        "services": ["idle"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
]
