"""Fill a JupyterHub's database with users whose servers run: `fill_hub.py DATABASE USERS PORT TOKENS`.

By the hub's own classes, with the rows that a start of a server makes: user, groups, server, spawner, OAuth client, token.
Writes the tokens to the file TOKENS, a JSON list.
"""

import json
import secrets
import sys

from jupyterhub import orm, roles
from jupyterhub.utils import utcnow
from sqlalchemy import text

database, users, port, tokens_file = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
db = orm.new_session_factory(database)()
# Each token is a transaction; nobody else has the file yet.
db.execute(text("PRAGMA synchronous = OFF"))
groups = [orm.Group(name=f"group-{i}") for i in range(20)]
db.add_all(groups)
db.commit()
tokens = []
for i in range(users):
    name = f"user-{i:05}"
    now = utcnow(with_tz=False)
    user = orm.User(name=name, last_activity=now)
    user.groups = [groups[i % 20], groups[(i // 20) % 20]][: 1 + (i % 20 != (i // 20) % 20)]
    db.add(user)
    db.flush()
    roles.assign_default_roles(db, entity=user)
    client = orm.OAuthClient(
        identifier=f"jupyterhub-user-{name}",
        secret=secrets.token_hex(16),
        description=f"Server at /user/{name}/",
        redirect_uri=f"/user/{name}/oauth_callback",
    )
    db.add(client)
    db.add(
        orm.Spawner(
            user=user,
            name="",
            state={"pod_name": f"jupyter-{name}"},
            user_options={"profile": "small"},
            started=now,
            last_activity=now,
            server=orm.Server(proto="http", ip="127.0.0.1", port=port, base_url=f"/user/{name}/"),
            oauth_client=client,
        )
    )
    token = secrets.token_hex(16)
    scopes = [
        f"access:servers!server={name}/",
        *(f"read:users:{what}!user={name}" for what in ("activity", "groups", "name")),
        f"users:activity!user={name}",
    ]
    orm.APIToken.new(token, user=user, scopes=scopes, note=f"Server at /user/{name}/", generated=True)
    tokens.append(token)
    if i % 500 == 499:
        db.commit()
        db.expunge_all()
        groups = db.query(orm.Group).order_by(orm.Group.id).all()
db.commit()
with open(tokens_file, "w") as file:
    json.dump(tokens, file)
