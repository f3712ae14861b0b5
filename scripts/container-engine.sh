# One way to build and run images with docker, podman or buildah; sourced by container-ci, which sets
# $STATE (a folder of its own), $BASE (the base image) and perhaps $ENGINE.
# shellcheck shell=bash
set -euo pipefail

choose_engine() {
    if [[ -z ${ENGINE:-} ]]; then
        if docker info >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1; then
            ENGINE=docker
        elif command -v podman >/dev/null && podman info >/dev/null 2>&1; then
            ENGINE=podman
        elif command -v buildah >/dev/null; then
            ENGINE=buildah
        else
            say "no docker, podman or buildah that works; on Debian: apt-get install buildah mmdebstrap"
            exit 77
        fi
    fi
    RUN_FLAGS=()
    if [[ $ENGINE == podman ]]; then
        RUN_FLAGS=(--runtime runc --cgroup-manager=cgroupfs --ulimit nofile=20000 --ulimit nproc=32768)
    fi
    if [[ $ENGINE != docker ]]; then
        # A store of its own, so that nothing of the machine's images is touched.
        printf '[storage]\ndriver = "overlay"\nrunroot = "%s"\ngraphroot = "%s"\n' \
            "$STATE/run" "$STATE/store" >"$STATE/storage.conf"
        export CONTAINERS_STORAGE_CONF=$STATE/storage.conf
    fi
    if [[ $ENGINE == buildah ]]; then
        trap 'buildah rm --all >/dev/null 2>&1 || true' EXIT
    fi
}

# pip settings and certificates of this machine, for sites whose package index is not the public one.
secrets_of_this_site() {
    local bundle=${PIP_CERT:-${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}}
    SECRETS=()
    [[ -r $bundle ]] || return 0
    { echo "[global]"; echo "cert = /run/secrets/ca_bundle"; } >"$STATE/pip.conf"
    [[ -z ${PIP_INDEX_URL:-} ]] || echo "index-url = $PIP_INDEX_URL" >>"$STATE/pip.conf"
    SECRETS=(--secret "id=pip_conf,src=$STATE/pip.conf" --secret "id=ca_bundle,src=$bundle")
}

# The base image: the registry's, or one that mmdebstrap makes from this machine's own apt sources.
base_image() {
    PULL=()
    if [[ ${REGISTRY:-yes} == yes ]] && timeout 60 "$ENGINE" pull -q "$BASE" >/dev/null 2>&1; then
        return 0
    fi
    local wanted=$BASE
    # A name of its own: nobody is to take it for the registry's.
    BASE=localhost/cosim-base:bookworm
    [[ $ENGINE == docker ]] || PULL=(--pull-never)
    if "$ENGINE" inspect --type image "$BASE" >/dev/null 2>&1; then
        say "base: the substitute for $wanted that mmdebstrap made before"
        return 0
    fi
    command -v mmdebstrap >/dev/null || { say "no registry, and no mmdebstrap"; exit 77; }
    say "base: no registry is reached; mmdebstrap makes a substitute for $wanted"
    local sources=/etc/apt/sources.list
    [[ ! -e /etc/apt/sources.list.d/debian.sources ]] || sources=/etc/apt/sources.list.d/debian.sources
    # Without documents and translations, as the slim image is. mmdebstrap gives the hook its $1.
    # shellcheck disable=SC2016
    mmdebstrap --quiet --variant=minbase --format=tar --dpkgopt=force-unsafe-io \
        --dpkgopt=path-exclude=/usr/share/doc/* --dpkgopt=path-exclude=/usr/share/man/* \
        --dpkgopt=path-exclude=/usr/share/info/* --dpkgopt=path-exclude=/usr/share/locale/* \
        --customize-hook='rm -f "$1/etc/resolv.conf" "$1/etc/hostname"' bookworm "$STATE/base.tar" "$sources"
    import_base "$STATE/base.tar"
    rm "$STATE/base.tar"
}

import_base() { # import_base TAR
    if [[ $ENGINE != buildah ]]; then
        "$ENGINE" import "$1" "$BASE" >/dev/null
        return 0
    fi
    local container
    container=$(buildah from scratch)
    buildah add -q "$container" "$1" / >/dev/null
    buildah commit -q "$container" "$BASE" >/dev/null
    buildah rm "$container" >/dev/null
}

build_image() { # build_image STAGE TAG
    local build=()
    case $ENGINE in
        buildah) build=(buildah bud --isolation chroot --layers) ;;
        podman) build=(podman build --isolation chroot --layers) ;;
        docker) build=(docker buildx build --load) ;;
    esac
    "${build[@]}" -q --network host "${PULL[@]}" "${SECRETS[@]}" --build-arg "BASE=$BASE" \
        --target "$1" -t "$2" -f Containerfile .
}

# in_image TAG [--entrypoint PROGRAM] [--env NAME=VALUE] [--secret FILE] -- ARGUMENTS...: runs in a fresh
# container, with the machine's network; its exit code comes through.
in_image() {
    local tag=$1 entrypoint="" flags=() secret=""
    shift
    while [[ $1 != -- ]]; do
        case $1 in
            --entrypoint) entrypoint=$2 ;;
            --env) flags+=(--env "$2") ;;
            --secret) secret=$2 ;;
        esac
        shift 2
    done
    shift
    if [[ -n $secret ]]; then
        flags+=(--volume "$secret:/run/secrets/session:ro" --env COSIM_SESSION_SECRET_FILE=/run/secrets/session)
    fi
    if [[ $ENGINE == buildah ]]; then
        run_with_buildah "$tag" "$entrypoint" "$@"
    else
        [[ -z $entrypoint ]] || flags+=(--entrypoint "$entrypoint")
        "$ENGINE" run --rm --network host "${RUN_FLAGS[@]}" "${flags[@]}" "$tag" "$@"
    fi
}

# buildah runs commands in a working container, and knows no entry point.
run_with_buildah() { # uses `flags` of in_image
    local tag=$1 entrypoint=$2 container code=0
    shift 2
    local program=("$entrypoint")
    if [[ -z $entrypoint ]]; then
        mapfile -t program < <(buildah inspect --type image --format \
            '{{range .OCIv1.Config.Entrypoint}}{{println .}}{{end}}' "$tag" | sed '/^$/d')
    fi
    container=$(buildah from --pull-never "$tag")
    buildah run --isolation chroot --network host "${flags[@]}" "$container" -- "${program[@]}" "$@" || code=$?
    buildah rm "$container" >/dev/null
    return "$code"
}

image_size() { # in MB
    local bytes
    case $ENGINE in
        buildah) bytes=$(buildah images --json "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["size"])') ;;
        *) bytes=$("$ENGINE" image inspect --format '{{.Size}}' "$1") ;;
    esac
    case $bytes in
        *[!0-9]*) echo "$bytes" ;;
        *) echo "$((bytes / 1000000)) MB" ;;
    esac
}
