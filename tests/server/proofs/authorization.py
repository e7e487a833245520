"""Every route of the document, with every kind of key."""

import json

from .house import SCOPES, add, collection, consent, enroll
from .http import Client
from .report import check, require

GARBAGE = "countenance_0123456789abcdef_" + "0" * 64


class Operation:
    """A route of the document, and who may take it."""

    def __init__(self, method, path, entry):
        self.method, self.path, self.entry = method.upper(), path, entry
        self.name = f"{self.method} {path}"
        security = entry["security"]
        self.public = security == [{}]
        # What takes the capture token of one session takes no key.
        self.capture = security == [{"capture": []}]
        # Nor does what takes the token of one consent link.
        self.link = security == [{"consents": []}]
        self.token = {"capture": "capture_token_invalid", "consents": "consent_link_invalid"}.get(next(iter(security[0]), None))
        # One scheme with one scope; anything else is a document that these checks do not read.
        self.scope = None if self.public or self.token else security[0]["key"][0]
        require(self.public or self.capture or self.link or (len(security) == 1 and len(security[0]["key"]) == 1), f"{self.name}: {security}")

    def ask(self, client, names, bodies):
        """Asks with the names in the path and the required parameters given."""
        path = self.path
        for name, value in names.items():
            path = path.replace("{" + name + "}", value)
        asked = [
            f"{each['name']}=0" for each in self.entry.get("parameters", [])
            if each["in"] == "query" and each.get("required")
        ]
        path += "?" + "&".join(asked) if asked else ""
        body = None
        if "requestBody" in self.entry:
            body = bodies.get(self.entry["operationId"], lambda: {})()
        return client.ask(self.method, path, body)


def operations(document):
    return [
        Operation(method, path, entry)
        for path, methods in document["paths"].items()
        for method, entry in methods.items()
    ]


def bodies(world):
    from .house import base64_of

    face = base64_of(world.photos.face("obama.jpg"))
    return {
        "compare": lambda: {"reference": face, "probe": face},
        "detect": lambda: {"picture": face},
        "create_key": lambda: {"scopes": ["admin"]},
        "add_subject": lambda: {"id": world.canary("matrix")},
        "grant_consent": lambda: consent(world),
        "enroll_faces": lambda: {"photos": [face]},
        "verify_subject": lambda: {"probe": face},
        "open_document": lambda: {"picture": face, "case": "1138"} | {key: value for key, value in session().items() if key != "kind"},
        "open_session": session,
        "identify_member": lambda: {"probe": face},
        "set_collection": lambda: {"fmr": 1e-5},
        "open_consent_link": lambda: {"audience": "https://shop.example", "way_out": "https://shop.example/"},
        "withdraw_own_consents": lambda: {"purpose": "verify", "permit": "none"},
        "open_device_key": lambda: {"label": "phone"},
        "finish_device_key": lambda: {"credential": {"response": {"clientDataJSON": "AA", "attestationObject": "AA"}}},
        "make_payment": payment,
        "refund_payment": lambda: {"amount": 1},
        "open_payment_session": lambda: {"subject": PAYER} | {key: value for key, value in session().items() if key != "kind"},
    }


def session():
    return {
        "kind": "presence", "audience": "https://shop.example", "nonce": "pb3N0x5qQmWq8o1vJz2r7g",
        "way_out": "https://shop.example/",
    }


# Nobody is known by this id: a payment can be asked of anybody.
PAYER = "payer"


# Whoever has no token of one has none, whatever its id.
NO_LINK = "a-" + "A" * 22


# Only a person's device makes one, so there is none; without its subject its id leads nowhere.
NO_DEVICE_KEY = "d-" + "A" * 22


def payment():
    return {"subject": PAYER, "amount": 1250, "currency": "EUR", "payee": "A shop", "order": "2026-1"}


def paid(client):
    """The id of a payment that was just made."""
    made = client.post("/v1/payments", payment())
    require(made.status == 201, lambda: f"a payment: {made.status} {made.body[:200]}")
    return made.json()["id"]


def refused(reply):
    return reply.status == 401 or (reply.status == 403 and reply.code == "scope_missing")


@check("every route takes exactly the scope that the document names, and no other key")
def scopes_open_their_routes(world):
    made = bodies(world)
    with world.house() as house:
        everything = house.everything()
        routes = operations(everything.get("/openapi.json").json())
        require(len(routes) >= 20, f"only {len(routes)} operations")
        one = {scope: house.client(scope) for scope in SCOPES}
        but = {scope: house.client(*(set(SCOPES) - {scope})) for scope in SCOPES}
        revoked, expired = house.everything(), house.everything()
        gone = everything.delete("/v1/keys/" + revoked.key.split("_")[1])
        require(gone.status == 204, f"revoking: {gone.status}")
        require(expired.get("/v1/keys").status == 200, "a key that will be expired does not work before")
        house.expire(expired.key)
        nobody = {
            "no key": house.anybody(), "a revoked key": revoked, "an expired key": expired,
            "a made-up key": Client(house.address, GARBAGE),
            "a key cut short": Client(house.address, everything.key[:-1]),
            "half a key": Client(house.address, everything.key.rsplit("_", 1)[0]),
            "an empty key": Client(house.address, ""),
        }
        count = 0

        def names():
            # Made anew for each question: the last one may have erased or revoked it.
            made_key = everything.post("/v1/keys", {"scopes": ["verify"]}).json()
            world.plant("key", made_key["key"].rsplit("_", 1)[1])
            opened = everything.post("/v1/sessions", session()).json()
            person = add(world, everything, "matrix")
            agreed = everything.post(f"/v1/subjects/{person}/consents", consent(world) | {"purpose": "payment"})
            require(agreed.status == 201, f"a consent for payments: {agreed.status}")
            return {
                "subject": person, "key": made_key["id"], "device_key": NO_DEVICE_KEY,
                "collection": collection(world, everything), "session": opened["id"], "payment": paid(everything),
                "link": NO_LINK,
            }

        for route in routes:
            there = names()
            for who, client in nobody.items():
                reply = route.ask(client, there, made)
                count += 1
                if route.public:
                    require(reply.status == 200, f"{route.name} with {who}: {reply.status}")
                elif route.token:
                    require(reply.status == 401 and reply.code == route.token, f"{route.name} with {who}: {reply.status}")
                else:
                    require(reply.status == 401 and reply.code == "key_invalid", f"{route.name} with {who}: {reply.status}")
                    require(reply.header("www-authenticate"), f"{route.name} does not say how to sign in")
            for scope in SCOPES:
                reply = route.ask(one[scope], there, made)
                count += 1
                allowed = route.public or scope == route.scope
                require(refused(reply) != allowed, f"{route.name} with `{scope}` alone: {reply.status} {reply.body[:200]}")
                # The control of the allowed: it is not refused for want of a body that reads.
                # Nothing was approved that could be given back, and no device made a key.
                none = {"refund": ["payment_over"], "enroll": ["device_key_unknown", "passkey_missing"]}
                fits = reply.status < 400 or reply.code in none.get(scope, [])
                require(not allowed or fits, f"{route.name} with `{scope}`: {reply.status} {reply.body[:200]}")
            if route.scope:
                reply = route.ask(but[route.scope], names(), made)
                count += 1
                require(refused(reply), f"{route.name} with all scopes but `{route.scope}`: {reply.status}")
            other = {"GET": "PATCH", "POST": "PUT", "DELETE": "PATCH", "PUT": "PATCH"}[route.method]
            reply = everything.ask(other, route.path)
            require(reply.status == 405, f"{other} {route.path}: {reply.status}")
        # Nobody hands on what they have not got.
        reply = one["admin"].post("/v1/keys", {"scopes": ["verify"]})
        require(reply.status == 403, f"a key with `admin` alone made one with `verify`: {reply.status}")
        return f"{len(routes)} routes, {count} questions"


@check("another tenant's key sees and changes nothing, and is told what it would be told of a name that does not exist")
def tenants_are_apart(world):
    made = bodies(world)
    with world.house() as house:
        ours, theirs = house.everything(), house.everything(tenant="other")
        person = enroll(world, ours, "apart", world.photos.face("obama.jpg"))
        key = ours.post("/v1/keys", {"scopes": ["verify"]}).json()
        world.plant("key", key["key"].rsplit("_", 1)[1])
        opened = ours.post("/v1/sessions", session()).json()
        there = {
            "subject": person, "key": key["id"], "collection": collection(world, ours), "session": opened["id"],
            "payment": paid(ours), "device_key": NO_DEVICE_KEY, "link": NO_LINK,
        }
        missing = {
            "subject": world.canary("missing"), "key": "0" * 16, "collection": world.canary("matrix"),
            "session": "a-" + "A" * 22, "payment": "p-" + "A" * 22, "device_key": NO_DEVICE_KEY,
            "link": NO_LINK,
        }
        before = told_of(ours, person)
        routes = operations(ours.get("/openapi.json").json())
        told_apart = 0
        for route in routes:
            theirs_there, theirs_missing = (route.ask(theirs, names, made) for names in (there, missing))
            for word in (person, key["id"]):
                require(word.encode() not in theirs_there.body, f"{route.name} names what is another tenant's")
            if "{" in route.path:
                # Who makes a collection of this name is told the name.
                same = comparable(theirs_there, there) == comparable(theirs_missing, missing)
                require(same, f"{route.name}: {theirs_there.visible} for another tenant's, {theirs_missing.visible} for none")
                # The control: to its own tenant the same question is answered otherwise.
                if route.method == "GET" and not route.token:
                    mine, none = (route.ask(ours, names, made) for names in (there, missing))
                    require(comparable(mine, there) != comparable(none, missing), f"{route.name} tells its own tenant nothing")
                    told_apart += 1
        require(told_apart >= 2, "the control did not look at anything")
        require(told_of(ours, person) == before, "another tenant's key changed something")
        require(key["id"].encode() in ours.get("/v1/keys").body, "another tenant's key revoked one")
        # The control: the subject's own tenant does erase it.
        require(ours.delete(f"/v1/subjects/{person}").status == 200, "its own tenant cannot erase it")
        require(told_of(ours, person) != before, "an erased subject is told of as before")
        return f"{len(routes)} routes"


def comparable(reply, names):
    """All that can be told apart, but for the name of a collection that was asked for, and the operator's part of a
    verification, which is counted up."""
    status, headers, body = reply.visible
    body = body.replace(names["collection"].encode(), b"-")
    try:
        body = json.loads(body)
        if isinstance(body.get("detail"), dict):
            body["detail"].pop("leaf", None)
    except (ValueError, AttributeError):
        pass
    return status, [pair for pair in headers if pair[0] != "content-length"], body


def told_of(client, person):
    shown = client.get(f"/v1/subjects/{person}")
    return shown.status, shown.body
