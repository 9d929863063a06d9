"""A room with a name, in a real browser: each learner's server has a name of its own, and a page of one reaches no other's."""

import pytest

from tools.lab import CHROMIUM_ARGS

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("hub")]
NAME = "room.test"
LEADS = f"--host-resolver-rules=MAP *.{NAME} 127.0.0.1, MAP {NAME} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
ASK = """async address => { try { return (await fetch(address, { credentials: "include" })).status; } catch (error) { return String(error); } }"""


def test_a_learner_s_page_is_not_the_hub_s(open_hub):
    from playwright.sync_api import sync_playwright

    from tdxkit.commands.doctor import find_chromium

    if not (path := find_chromium()):
        pytest.skip("no Chromium: names are not tested")
    with open_hub(1, domain=NAME) as hub, sync_playwright() as playwright:
        [one] = hub.learners.values()
        args = [*(word for word in CHROMIUM_ARGS if not word.startswith("--host-resolver")), LEADS, f"--explicitly-allowed-ports={hub.port}"]  # fmt: skip
        page = playwright.chromium.launch(executable_path=path, args=args).new_page()
        page.goto(f"http://{NAME}:{hub.port}")
        page.fill("#username_input", one.name)
        page.fill("#password_input", one.password)
        page.keyboard.press("Enter")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=120_000)
        assert page.url.startswith(f"http://{one.name}.{NAME}:{hub.port}/user/{one.name}/lab")
        token = f"http://{NAME}:{hub.port}/hub/token"
        assert page.evaluate(ASK, token) == "TypeError: Failed to fetch"
        page.goto(token)
        assert page.evaluate(ASK, token) == 200, "the hub's own page reads it"
