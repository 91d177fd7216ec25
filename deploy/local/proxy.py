"""The reverse proxy before the API processes: Caddy."""

import json
from collections.abc import Sequence
from pathlib import Path

from services.fetching import Progress
from services.go_programs import built

CADDY_VERSION = "2.10.2"

# A page of the console lives in the process that made it, so a browser stays with one (cookie). What is asked for
# is /healthz: a process whose database is away says so itself, better than a proxy could. Only what never reached
# a process, or only reads, is tried at another one.
_CONFIG = """{{
	admin off
	auto_https off
	persist_config off
	storage file_system "{folder}/caddy"
	log {{
		level WARN
	}}
	servers {{
		# A web server of this machine that ends TLS before it: it says whom it asks for.
		trusted_proxies static 127.0.0.1/32 ::1/128
	}}
}}

http://:{port} {{
	bind 127.0.0.1
	reverse_proxy {upstreams} {{
		lb_policy cookie zhuhang_process
		lb_try_duration 10s
		lb_try_interval 200ms
		fail_duration 2s
		health_uri /healthz
		health_interval 2s
		health_timeout 5s
	}}
	handle_errors {{
		header Content-Type application/problem+json
		header Retry-After 2
		respond `{away}` 503
	}}
}}
"""
_AWAY = {
    "type": "about:blank",
    "title": "Service Unavailable",
    "status": 503,
    "code": "service_unavailable",
    "zh": "服务暂时不可用,请稍后再试。",
    "en": "The service is away for a moment; please try again.",
}


def find_caddy(progress: Progress) -> Path:
    """The program, built into the cache where it is absent. Raises `SetupError` `go_program_unobtainable`."""
    package = f"github.com/caddyserver/caddy/v2/cmd/caddy@v{CADDY_VERSION}"
    return built(f"caddy-{CADDY_VERSION}", [package], progress, minutes=3) / "caddy"


def proxy_command(caddy: Path, folder: Path, port: int, apis: Sequence[int]) -> list[str]:
    """Write the configuration into `folder`; the command line of a proxy on `port` of the loopback address, before the
    API processes, which listen on the ports `apis`."""
    upstreams = " ".join(f"127.0.0.1:{api}" for api in apis)
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / "Caddyfile"
    away = json.dumps(_AWAY, ensure_ascii=False)
    file.write_text(_CONFIG.format(folder=folder, port=port, upstreams=upstreams, away=away))
    return [str(caddy), "run", "--config", str(file), "--adapter", "caddyfile"]
