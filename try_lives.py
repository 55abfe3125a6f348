import asyncio, sys, tempfile
from pathlib import Path
from tests.torture.lives.run import *
from tests.torture.lives.stage import staged
from tests.torture.lives.result import bugs
from tests.torture.lives.journals import File
async def main(seed, lives, lanes=int(sys.argv[4]) if len(sys.argv)>4 else 1):
    folder = Path(tempfile.mkdtemp(prefix="lives-"))
    print(folder)
    store = sys.argv[3]
    if store == "postgres":
        from tests.journal.postgres_server import fresh_database
        from tests.torture.lives.journals import Database
        journal = Database(await fresh_database())
        url = journal.url
    else:
        journal = File(str(folder/"journal.db")); url = "sqlite:journal.db"
    with staged(folder, url) as (stand, config, env):
        async with Cradle(config, folder/"gateway.log", **env) as cradle:
            run = Run(stand, cradle, journal, store, seed, lives, lanes=int(sys.argv[4]) if len(sys.argv)>4 else 1)
            result = await run.play(print if len(sys.argv)>5 else lambda l: None)
            print(result); print(result.report[:6000])
            for f in result.findings[:40]: print("FINDING", f)
            print("points missing", sorted(run.points - result.named.keys()))
            print(dict(result.named))
            for b in bugs(folder/"gateway.log")[:10]: print("BUG", b[:1500])
asyncio.run(main(sys.argv[1], int(sys.argv[2])))
