"""The server of the site: on loopback only, what it remembers of each request, and how it ends."""

import functools
import http.client

import pytest

from tools import served
from tools.served import Asked, Served, _Handler


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A folder with a page of four letters, served; its end is looked for every few milliseconds."""
    server = served.ThreadingHTTPServer
    monkeypatch.setattr(server, "serve_forever", functools.partialmethod(server.serve_forever, 0.005))
    (tmp_path / "index.html").write_text("here")
    with Served(tmp_path) as there:
        yield there


def ask(there, method, path):
    connection = http.client.HTTPConnection("127.0.0.1", there.port, timeout=5)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def test_each_request_is_remembered_once_with_what_was_sent(there, capfd):
    assert ask(there, "HEAD", "/") == (200, b"")
    assert ask(there, "GET", "/index.html") == (200, b"here")
    assert ask(there, "GET", "/nothing")[0] == 404
    assert ask(there, "GET", "/") == (200, b"here")
    assert there.log == [
        Asked("/", 200, 0),
        Asked("/index.html", 200, 4),
        Asked("/nothing", 404, 0),
        Asked("/", 200, 4),
    ]
    assert (there.size(), there.size(2), there.size(4)) == (8e-6, 4e-6, 0)
    assert capfd.readouterr() == ("", "")


def test_nobody_outside_this_machine_can_ask(there):
    assert there.server.server_address == ("127.0.0.1", there.port) and there.url("x").startswith("http://127.0.0.1:")


def test_a_notebook_of_any_name_has_an_address(there):
    assert there.address("a b&c#d.ipynb") == there.url("lab/index.html?path=a%20b%26c%23d.ipynb")


def test_after_its_end_the_port_is_free(tmp_path, monkeypatch):
    server = served.ThreadingHTTPServer
    monkeypatch.setattr(server, "serve_forever", functools.partialmethod(server.serve_forever, 0.005))
    with Served(tmp_path) as first:
        pass
    assert first.server.fileno() == -1
    with Served(tmp_path, first.port) as second:
        assert second.port == first.port


@pytest.mark.parametrize("error", [ConnectionResetError, BrokenPipeError, ConnectionAbortedError])
def test_a_browser_that_goes_away_is_no_fault_and_anything_else_is(error, monkeypatch):
    def fails(self):
        raise self.error

    monkeypatch.setattr(served.SimpleHTTPRequestHandler, "handle", fails)
    handler = object.__new__(_Handler)
    handler.error = error()
    handler.handle()
    handler.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        handler.handle()


def test_ctrl_c_ends_it_without_a_complaint(tmp_path, monkeypatch, capsys):
    def pressed(server):
        server.server_close()
        raise KeyboardInterrupt

    (tmp_path / "index.html").touch()
    monkeypatch.setattr(served.ThreadingHTTPServer, "serve_forever", pressed)
    assert served.main(["--port", "0", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("http://127.0.0.1:") and out.endswith("/ (Ctrl-C ends it)\n") and err == ""


def test_a_folder_without_a_first_page_is_not_served(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(served, "Served", lambda *_: pytest.fail("it is served"))
    assert served.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{tmp_path}: no page is there; make site first\n"
