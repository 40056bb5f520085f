#!/bin/sh
# Installs what a fresh Debian or Ubuntu lacks for Python's venv and for a Qt window, also under
# Xvfb. Where that is not possible, says what is missing and goes on: all but the viewer works.
set -eu

packages="python3-venv xvfb libegl1 libgl1 libopengl0 libdbus-1-3 libfontconfig1
libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0
libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1"

if ! command -v dpkg-query >/dev/null; then
    case "$(uname)" in
    Linux) echo "no Debian: the viewer needs EGL, OpenGL, D-Bus, fontconfig, xkbcommon-x11 and" \
        "the XCB libraries cursor, icccm, image, keysyms, randr, render-util, shape, xinerama," \
        "xkb; tests without a screen need Xvfb" >&2 ;;
    esac
    exit 0
fi

missing=
for package in $packages; do
    state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) || state=
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086  # several packages
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "not root; these are missing for the viewer: sudo apt-get install$missing" >&2
fi
