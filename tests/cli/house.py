"""The settings example of deploy/ in a folder of its own, with made-up secrets and free ports."""

import shutil
from pathlib import Path

from gateway.cli.madeup import made_up
from gateway.dialect.shelf import Shelf
from tests.cli.process import ROOT, free_port


class Deployed:
    """`folder/gateway.toml` is the shipped example, word for word; ports and secrets come from the environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "gateway.toml"
        shutil.copy(ROOT / "deploy" / "gateway.toml", self.config)
        shelf = Shelf()
        marbles = made_up(shelf.dialect("155io"))
        (folder / "secrets").mkdir()
        (folder / "secrets" / "marbles.pem").write_bytes(marbles["public_key"])
        (folder / "secrets" / "ours.pem").write_bytes(marbles["our_private_key"])
        (folder / "marbles.private.pem").write_bytes(marbles["private_key"])
        self.wallet_secret = made_up(shelf.dialect("canonical"))["signing"].decode()
        self.public, self.admin, self.wallet = (f"127.0.0.1:{free_port()}" for _ in range(3))
        self.env = {
            "WALLET_SECRET": self.wallet_secret,
            "SLOTCITY_TOKEN": made_up(shelf.dialect("scorpio"))["api_token"].decode(),
            "ACME_KEY": made_up(shelf.dialect("evenbet"))["key"].decode(),
            "GATEWAY_PUBLIC__LISTEN": self.public,
            "GATEWAY_ADMIN__LISTEN": self.admin,
            "GATEWAY_WALLET__URL": f"http://{self.wallet}",
            "GATEWAY_DRAIN__ACCEPT_GRACE": "0",
        }
