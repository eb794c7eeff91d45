#!/usr/bin/env bash
# Makes data.tar.gz and printed.json beside this file with an older version of the program, as root for the port that nobody
# listens on later:
#
#     git worktree add --detach /tmp/older COMMIT && (cd /tmp/older && go build -o /tmp/atlant-older ./services/atlant)
#     bash make.sh /tmp/atlant-older
set -euo pipefail
older=$1 here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
cd "$work"
mkdir lists
cat >server.py <<'PY'
import http.server, os, threading, time
class Lists(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path != '/slow.csv':
            return super().do_GET()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'PRODUCT NAME;PRICE\n')
        self.wfile.flush()
        time.sleep(600)
os.chdir('lists')
for port in (9321, 1):
    threading.Thread(target=http.server.ThreadingHTTPServer(('127.0.0.1', port), Lists).serve_forever).start()
PY
python3 server.py 2>/dev/null &
server=$!
export ATLANT_ADDR=http://127.0.0.1:9320
"$older" up --listen 127.0.0.1:9320 --data data --allow-private-urls --log-level warn &
up=$!
trap 'kill -9 $server $up 2>/dev/null; rm -rf "$work"' EXIT
until "$older" status >/dev/null 2>&1; do sleep 0.2; done

# A source whose list changes, is the same once, and then looks wrong.
sell() { printf 'PRODUCT NAME;PRICE\n%b' "$1" >lists/shop.csv; }
fetch() { "$older" "$@" >/dev/null || true; }
sell 'Milk;1.50\nBread;2.20\nTea;3.10\nRubbish;free\nTea;3.20\n'
fetch sources add shop http://127.0.0.1:9321/shop.csv --currency EUR --cron '30 6 1 1 *'
fetch sources fetch shop --wait
sell 'Milk;1.60\nBread;2.20\nTea;3.20\n'
fetch sources fetch shop --wait
fetch sources fetch shop --wait
sell 'Milk;1.50\nBread;2.25\nTea;3.20\n'
fetch sources fetch shop --wait
sell 'Milk;150\nBread;225\nTea;320\n'
fetch sources fetch shop --wait
fetch sources pause shop # or it would be due one day

# A list of several days, one that was uploaded, and one that is not there.
printf 'DATE;NAME;PRICE\n2026-01-01;Gold;100\n2026-01-02;Gold;101\n2026-01-02;Silver;7.5\n2026-01-03;Gold;101\n' >lists/days.csv
fetch fetch --wait --source metals --observed-at-column DATE http://127.0.0.1:9321/days.csv
printf 'PRODUCT NAME;PRICE\nCafé Crème;4.50\n' >up.csv
fetch fetch --wait --source uploads --currency USD up.csv
fetch fetch --wait --source shop http://127.0.0.1:9321/none.csv

sleep 3 # until receipts say when their prices were visible
python3 - "$older" >"$here/printed.json" <<'PY'
import json, subprocess, sys
def run(*command):
    out = subprocess.run([sys.argv[1], *command], capture_output=True, text=True, check=True).stdout
    objects = [json.loads(line) for line in out.splitlines()]
    printed.append({'command': command, 'objects': objects})
    return objects
printed = []
products = run('list', '--json', '--limit', '0', '--sort', 'name')
fetches = [f for source in ('shop', 'metals', 'uploads') for f in run('fetches', '--json', '--limit', '0', '--source', source)]
run('sources', '--json')
for product in products:
    run('changes', '--json', product['id'])
for fetch in fetches:
    if int(fetch['rejected']):
        run('rejects', '--json', fetch['id'])
print(json.dumps(printed, ensure_ascii=False, indent=1))
PY

"$older" fetch --source waiting http://127.0.0.1:1/slow.csv >/dev/null
sleep 1
kill "$up"
wait "$up" || true
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=2026-11-26 -C data -cf - . | gzip -9n >"$here/data.tar.gz"
