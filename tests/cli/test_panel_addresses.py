"""`doctor` against wrong addresses, keys, certificates and proxies: each told as what it is, none green (issue: doctor proves an admin API)."""

from __future__ import annotations

import datetime as dt
import http.server
import importlib
import os
import socket
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from reconcile.panel import client
from reconcile.panel.practice import PracticePanel, answering
from reconcile.panel.retry import Policy
from tests.cli.conftest import KEY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Terminal

CUSTOMERS = "the customers' API seems to answer there, not the admin API (it says: “{}”)."
KEYED = "the panel does not accept the key (it says: “{}”)"
V2 = "an API of the next generation (v2) answers there (it says: “Page not found.”), which works differently."
UNKNOWN = "what answers there is not known to be an admin API ({})."
ADDRESSES: list[tuple[int, str, int, str]] = [
    (200, '{"error":"Incorrect request"}', 2, CUSTOMERS.format("Incorrect request")),
    (200, '{"error":"Invalid action"}', 2, CUSTOMERS.format("Invalid action")),
    (404, '{"data":[],"error_message":"Page not found.","error_code":100}', 2, V2),
    (200, '{"data":[],"error_message":"Page not found.","error_code":100}', 2, V2),
    (404, "<html>Not Found</html>", 2, "there is nothing at this address (HTTP 404)."),
    (405, "<html>Method Not Allowed</html>", 2, "this address takes no such calls (HTTP 405)."),
    (410, "", 2, "there is nothing at this address any more (HTTP 410)."),
    (419, "<html>Page Expired</html>", 2, "a page of the panel's site answers there, not its API (HTTP 419)."),
    (200, '{"status":"success"}', 2, UNKNOWN.format("it says success")),
    (200, "[]", 2, UNKNOWN.format("the panel's answer has an unknown shape (HTTP 200)")),
    (
        422,
        '{"message":"The email field is required.","errors":{"email":["x"]}}',
        2,
        UNKNOWN.format("the panel says: “The email field is required.”"),
    ),
    (200, "<!doctype html><title>Sign in</title>", 5, "a web page answers at the panel's address (HTTP 200)"),
    (200, "OK", 5, "something that is no API answers at the panel's address (HTTP 200)"),
    (
        403,
        "<!DOCTYPE html><title>Just a moment...</title>",
        5,
        "a page that keeps programs out (a firewall's or a network's) stands before the panel (HTTP 403)",
    ),
    (503, "<html>Maintenance</html>", 5, "the panel cannot be used now: a web page came instead"),
    (
        429,
        '{"status":"fail","error":"rate_limited"}',
        5,
        "the panel cannot be used now: the panel asks us to slow down",
    ),
    (401, '{"status":"fail","error":"bad_auth"}', 6, KEYED.format("bad_auth")),
    (200, '{"error":"Invalid API key"}', 6, KEYED.format("Invalid API key")),
    (
        400,
        '{"status":"fail","error":"error_code","message":"Key is required","missing":["key"]}',
        6,
        KEYED.format("Key is required"),
    ),
    (401, "", 6, KEYED.format("HTTP 401")),
    (403, '{"status":"fail","error":"forbidden"}', 6, KEYED.format("forbidden")),
    (
        403,
        '{"status":"fail","message":"IP not allowed"}',
        6,
        "the panel does not let this machine's address in (it says: “IP not allowed”)",
    ),
    (200, "", 7, "answers, but its answer to a call without parameters was empty, which some panels do."),
    (204, "", 7, "answers, but its answer to a call without parameters was empty, which some panels do."),
]


@pytest.fixture
def panel() -> PracticePanel:
    """A panel with nothing to hand out."""
    return PracticePanel(0, 7, KEY, refills=0, cancels=0)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries at once, and no proxy of the machine the test runs on."""
    monkeypatch.setattr(client, "Policy", lambda: Policy(first=0.0))
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def told(terminal: Terminal) -> tuple[int, str]:
    """(exit code, the doctor's lines about the panel)."""
    ended = terminal.type("doctor")
    lines = ended.out.splitlines()
    at = next(place for place, line in enumerate(lines) if line[2:].startswith("panel "))
    step = [line for line in lines[at + 1 : at + 2] if "→" in line]
    assert "✗ panel" in lines[at] or "! panel" in lines[at] or ended.code == 0
    return ended.code, " ".join([lines[at], *step])


@pytest.mark.parametrize(("status", "body", "code", "said"), ADDRESSES, ids=range(len(ADDRESSES)))
def test_a_wrong_address_or_key(synced: Terminal, status: int, body: str, code: int, said: str) -> None:
    """24 answers that prove no admin API: none is green, and each says what stands there."""
    synced.panel.faults.append(answering(body, status, times=9))
    before = len(synced.panel.requests)
    found = told(synced)
    assert found[0] == code
    assert said in found[1]
    assert "→" in found[1]
    assert {one.action for one in synced.panel.requests[before:]} == {"setRemains"}


@pytest.mark.parametrize("status", [200, 204])
def test_an_empty_answer_of_a_panel_that_handed_out_work(
    synced: Terminal, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """An honest panel is green once a run had orders of it; another address, or a workbook of none, is not."""
    synced.panel.add_order("501", "1", link="l", quantity="10", charge="1", user_id="u")
    assert synced.type("sync").code == 0
    synced.panel.faults.append(answering("", status, times=9))
    code, text = told(synced)
    assert code == 0
    assert (
        "its answer to a call without parameters was empty, which some panels do, but it has answered earlier" in text
    )
    other = synced.url.replace("127.0.0.1", "localhost")
    monkeypatch.setenv("RECONCILE_PANEL_URL", other)
    code, text = told(synced)
    assert code != 0
    assert f"! panel      {other} answers, but its answer" in text or f"✗ panel      {other} answers, but" in text


def test_a_page_is_no_panel_also_where_one_was(synced: Terminal) -> None:
    """What earlier runs know proves nothing about an answer that says what it is."""
    synced.panel.add_order("501", "1", link="l", quantity="10", charge="1", user_id="u")
    assert synced.type("sync").code == 0
    synced.panel.faults.append(answering("<!doctype html><title>Sign in</title>", 200, times=9))
    assert told(synced)[0] == 5


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("https://x.example/adminapi/v1", "→ Set RECONCILE_PANEL_URL to https://x.example/adminapi/v1."),
        ("/login", "→ Check RECONCILE_PANEL_URL: the admin API is elsewhere, for instance "),
        ("/", "→ Check RECONCILE_PANEL_URL: the admin API is elsewhere, for instance "),
    ],
)
def test_a_redirect(synced: Terminal, target: str, said: str) -> None:
    """It is named, never followed."""
    fault = answering("", 302, times=9)
    fault.headers = {"Location": target}
    synced.panel.faults.append(fault)
    code, text = told(synced)
    assert code == 2
    assert "the panel redirected to " in text
    assert said in text


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, '{"status":"fail","error":"error_code","message":"Id is required","missing":["id"]}'),
        (422, '{"message":"The id field is required.","errors":{"id":["The id field is required."]}}'),
        (200, '{"status":"fail","error":"bad_id"}'),
        (200, '{"status":"fail","error":"","message":"remains is required"}'),
    ],
)
def test_an_admin_api_is_green(synced: Terminal, status: int, body: str) -> None:
    """An answer that names the missing parameter, or an admin API's word, proves it."""
    synced.panel.faults.append(answering(body, status, times=9))
    code, text = told(synced)
    assert code == 0
    assert "answers and takes the key. Nothing was received." in text


# --- connections -------------------------------------------------------------------------------------------------------------


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as an admin API; as a proxy, with `proxy`'s status."""

    proxy = 407

    def do_POST(self) -> None:
        """A missing parameter."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b'{"status":"fail","error":"error_code","message":"Id is required","missing":["id"]}'
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self) -> None:
        """Refuses to connect further."""
        self.send_response(self.proxy)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server of Handler's on a port of its own."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[assignment, method-assign]
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def certified(folder: Path, name: str, *, days: tuple[int, int] = (-1, 2)) -> tuple[ssl.SSLContext, Path]:
    """A self-signed certificate for a host's name, valid from and to so many days from now."""
    x509 = pytest.importorskip("cryptography.x509")
    hashes, serialization, ec = (
        importlib.import_module(f"cryptography.hazmat.primitives.{name}")
        for name in ("hashes", "serialization", "asymmetric.ec")
    )
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    first, last = (now + dt.timedelta(days=number) for number in days)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(), first, last)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "private.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    return context, certificate


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> str:
    """A host that is no loopback by its name, and leads to this machine."""
    real = socket.getaddrinfo

    def found(host: Any, *more: Any, **named: Any) -> Any:
        return real("127.0.0.1" if host in ("panel.test", b"panel.test") else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return "panel.test"


@pytest.mark.parametrize(
    ("host", "days", "said"),
    [
        ("panel.test", (-1, 2), "its certificate is not to be trusted: "),
        ("panel.test", (-3, -1), "its certificate is not to be trusted: "),
        ("other.test", (-1, 2), "its certificate is another host's: "),
        ("panel.test", (1, 2), "its certificate is not valid yet: "),
    ],
)
def test_a_certificate(
    synced: Terminal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    named: str,
    host: str,
    days: tuple[int, int],
    said: str,
) -> None:
    """What is wrong with it, not "try again later"."""
    context, certificate = certified(tmp_path, host, days=days)
    if "trusted" not in said:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(context) as port:
        monkeypatch.setenv("RECONCILE_PANEL_URL", f"https://{named}:{port}/admin/v1")
        code, text = told(synced)
    assert code != 0
    assert said in text
    assert "try again" not in text.casefold()


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_an_authority_of_one_s_own(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, variable: str
) -> None:
    """Named in the environment, it counts."""
    context, certificate = certified(tmp_path, named)
    monkeypatch.setenv(variable, str(certificate))
    with serving(context) as port:
        monkeypatch.setenv("RECONCILE_PANEL_URL", f"https://{named}:{port}/admin/v1")
        terminal.type("init")
        code, text = told(terminal)
    assert code == 0
    assert "answers and takes the key" in text


def test_https_to_a_plain_port_and_nobody_there(synced: Terminal, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    """A wrong port, an unknown host, a port where nothing listens."""
    with serving() as port:
        monkeypatch.setenv("RECONCILE_PANEL_URL", f"https://{named}:{port}/admin/v1")
        code, text = told(synced)
        assert code != 0
        assert "no TLS is spoken there, so this port is not one for https: " in text
        assert "→ Check the port in RECONCILE_PANEL_URL." in text
    monkeypatch.setenv("RECONCILE_PANEL_URL", f"http://127.0.0.1:{port}/admin/v1")
    code, text = told(synced)
    assert code != 0
    assert "nothing listens there: " in text

    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setenv("RECONCILE_PANEL_URL", "https://no-such.example/admin/v1")
    code, text = told(synced)
    assert code != 0
    assert "nobody knows this host's name: " in text


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (407, "the proxy wants a user name and a password: 407"),
        (502, "the proxy did not let us through: 502"),
        (403, "the proxy did not let us through: 403"),
    ],
)
def test_a_proxy(synced: Terminal, monkeypatch: pytest.MonkeyPatch, status: int, said: str) -> None:
    """What the proxy says is told as the proxy's; one that is not there is not the panel's fault either."""
    monkeypatch.setattr(Handler, "proxy", status)
    monkeypatch.setenv("RECONCILE_PANEL_URL", "https://panel.example/admin/v1")
    with serving() as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        code, text = told(synced)
    assert code != 0
    assert said in text
    code, text = told(synced)
    assert code != 0
    assert "the proxy that HTTPS_PROXY names is not there: " in text
    assert "→ Check HTTPS_PROXY, or ask who runs the proxy." in text
