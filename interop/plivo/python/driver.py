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
"""
import inspect
import json
import sys

import plivo
import plivo.rest.client as rest
from plivo.base import ResponseObject
from plivo.resources import conferences, multipartycall
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
            else:
                x = run(client, ask["steps"], answer["methods"])
                answer["type"], answer["result"] = type(x).__name__, plain(x)
        except Exception as e:  # whatever the library raises is what is asked for
            answer.update(ok=False, type=type(e).__name__, error=str(e))
        print(json.dumps(answer), file=answers, flush=True)


main()
