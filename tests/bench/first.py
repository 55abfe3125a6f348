import subprocess, sys, time, json
from pathlib import Path
from tests.bench import contract
from tests.bench.contenders import CONTENDERS, Place
from tests.bench.processes import Process, free_port
T=Path("/tmp/benv"); W=Path("/tmp/bx/run"); W.mkdir(exist_ok=True)
import shutil
names=sys.argv[1:]
out={}
for rnd in range(3):
    for c in CONTENDERS:
        if names and not any(n in c.name for n in names): continue
        f=W/c.name.replace(" ","_").replace("/","_"); shutil.rmtree(f,ignore_errors=True); f.mkdir()
        sp,gp=free_port(),free_port()
        n=3000 if "FastAPI" in c.name else 240000
        size=contract.write_list(W/"list",n)
        with Process([str(T/"load"),"stub",f"127.0.0.1:{sp}"],core=1,log=W/"stub.log") as stub:
            stub.listening(sp)
            with c.start(Place(f,T,f"127.0.0.1:{sp}",gp,0)) as p:
                p.listening(gp)
                def go(sec):
                    r=subprocess.run(["taskset","-c","1","wrk","-t1","-c32",f"-d{sec}s","--latency","-s","tests/bench/peers/wrk.lua",f"http://127.0.0.1:{gp}/","--",str(W/"list"),str(size)],capture_output=True,text=True)
                    return r
                import re
                a=p.cpu(); s=stub.cpu(); t=time.time(); r=go(3); b=p.cpu(); s2=stub.cpu()
                m=re.search(r"(\d+) requests in ([\d.]+)s",r.stdout)
                if not m: print(r.stdout,r.stderr,p.said()); continue
                k=int(m[1]); bad="Non-2xx" in r.stdout or "Socket" in r.stdout
                out.setdefault(c.name,[]).append((b-a)/k*1e6)
                print(c.name,"us/cb %.1f"%((b-a)/k*1e6),"rps %.0f"%(k/float(m[2])),"busy %.2f"%((b-a)/float(m[2])),"stub us %.1f"%((s2-s)/k*1e6),"BAD" if bad else "",r.stderr.strip()[-200:], flush=True)
import statistics
for n,v in out.items(): print("%-26s median %.1f us (%.1f..%.1f)"%(n,statistics.median(v),min(v),max(v)))
