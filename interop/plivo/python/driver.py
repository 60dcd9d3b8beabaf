"""Calls the official Python library as it is told to, and tells what the library made of it.

It reads one JSON object a line and writes one for each:

    {"to": url, "id": auth id, "token": auth token, "ca": file}
                                                       a new client, redirected to url
    {"steps": [{"call": "name", "args": [], "named": {}}, ...]}
                                                       each call is on the result of the one before,
                                                       the first one on the client; {"item": 0} takes
                                                       an element, {"new": "Class", "data": {}} makes
                                                       one of the library's objects
    {"surface": true}                                  the methods that the library offers
    {"signatures": [{"scheme": "v3" or "v2", "method": "POST", "url": url, "form": [[key, value], ...],
                     "nonce": "", "token": "", "header": "", "fresh": false}, ...]}
                                                       for each whether the library takes the header
                                                       for valid, what it computed meanwhile, and its
                                                       error; fresh: the method is no constant of the
                                                       program's
    {"listen": origin, "token": token}                 a server of callbacks that the vendor believes to
                                                       be at this origin: its URL. It answers 200 to what
                                                       the library takes for valid, and else 403
"""
import inspect
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import plivo
import plivo.rest.client as rest
import plivo.utils
from plivo.base import ResponseObject
from plivo.resources import conferences, multipartycall
from plivo.utils import signature_v3
from plivo.version import __version__

# The library prints on standard output when it tries again.
answers, sys.stdout = sys.stdout, sys.stderr

CLASSES = [
    multipartycall.MultiPartyCalls,
    multipartycall.MultiPartyCall,
    multipartycall.MultiPartyCallParticipant,
    conferences.Conferences,
    conferences.Conference,
]


def label(cls, name):
    return cls.__name__ + "." + name


def surface():
    return [
        label(cls, name)
        for cls in CLASSES
        for name, f in vars(cls).items()
        if inspect.isfunction(f) and not name.startswith("_")
    ]


def redirect(url):
    """No option of the client moves its requests: the base URLs are constants of a module."""
    base = url + "/v1/Account"
    rest.PLIVO_API_BASE_URI = base
    rest.API_VOICE_BASE_URI = base
    rest.API_VOICE_BASE_URI_FALLBACK_1 = base
    rest.API_VOICE_BASE_URI_FALLBACK_2 = base


def plain(x):
    """What the library decoded, as JSON."""
    if isinstance(x, ResponseObject):
        return {k: plain(v) for k, v in vars(x).items() if k != "client"}
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    return x


def run(client, steps, methods):
    x = client
    for step in steps:
        if "item" in step:
            x = x[step["item"]]
        elif "new" in step:
            cls = next(c for c in CLASSES if c.__name__ == step["new"])
            x = cls(client, dict(step["data"]))
        else:
            *path, name = step["call"].split(".")
            for part in path:
                x = getattr(x, part)
            if type(x) in CLASSES:
                methods.append(label(type(x), name))
            x = getattr(x, name)(*step.get("args") or [], **step.get("named") or {})
    return x


# What the library computes while it validates passes through these.
made = []


def recording(encode):
    def recorded(b):
        made.append(encode(b).strip().decode())
        return encode(b)
    return recorded


signature_v3.encode = recording(signature_v3.encode)
plivo.utils.base64_encode = recording(plivo.utils.base64_encode)


def check(ask):
    form = {}
    for key, value in ask["form"]:
        form.setdefault(key, []).append(value)
    form = {k: v if len(v) > 1 else v[0] for k, v in form.items()}
    made.clear()
    verdict = {"valid": False}
    try:
        if ask["scheme"] == "v3":
            verdict["valid"] = plivo.utils.validate_v3_signature(
                ask["method"], ask["url"], ask["nonce"], ask["token"], ask["header"], form)
        else:
            verdict["valid"] = plivo.utils.validate_signature(
                ask["url"], ask["nonce"], ask["header"], ask["token"])
    except Exception as e:  # whatever the library raises is what is asked for
        verdict["error"] = type(e).__name__
    if made:
        verdict["made"] = made[-1]
    return verdict


def listen(origin, token):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            form = {k: v if len(v) > 1 else v[0] for k, v in parse_qs(body, keep_blank_values=True).items()}
            valid = False
            try:
                valid = plivo.utils.validate_v3_signature(
                    self.command, origin + self.path, self.headers.get("X-Plivo-Signature-V3-Nonce", ""), token,
                    self.headers.get("X-Plivo-Signature-V3", ""), form)
            finally:
                self.send_response(200 if valid else 403)
                self.send_header("Content-Length", "0")
                self.end_headers()

        do_GET = do_POST

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "http://127.0.0.1:%d" % server.server_port


def main():
    client = None
    for line in sys.stdin:
        ask = json.loads(line)
        answer = {"ok": True, "methods": []}
        try:
            if "to" in ask:
                redirect(ask["to"])
                client = plivo.RestClient(ask["id"], ask["token"])
                answer["result"] = __version__
            elif "surface" in ask:
                answer["result"] = surface()
            elif "signatures" in ask:
                answer["result"] = [check(a) for a in ask["signatures"]]
            elif "listen" in ask:
                answer["result"] = listen(ask["listen"], ask["token"])
            else:
                x = run(client, ask["steps"], answer["methods"])
                answer["type"], answer["result"] = type(x).__name__, plain(x)
        except Exception as e:  # whatever the library raises is what is asked for
            answer.update(ok=False, type=type(e).__name__, error=str(e))
        print(json.dumps(answer), file=answers, flush=True)


main()
