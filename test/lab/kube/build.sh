#!/bin/sh
# Builds a real kube-apiserver and a real flanneld from the published Go modules: about 5 min and 170 MB on two cores.
# What is there already is not built again; a build that is ended half-way leaves nothing that looks whole.
#
#   test/lab/kube/build.sh [DIRECTORY]      default: ${XDG_CACHE_HOME:-~/.cache}/quorate/lab-kube
set -eu
kubernetes=v1.37.2 flannel=v0.28.10
here=$(cd "$(dirname "$0")" && pwd)
base=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/quorate/lab-kube}
mkdir -p "$base/bin" "$base/src/k8s" "$base/src/flannel/stub/v20170312"

if [ ! -x "$base/bin/kube-apiserver" ]; then
  cd "$base/src/k8s"
  mod=$(go mod download -json "k8s.io/kubernetes@$kubernetes" | sed -n 's/.*"GoMod": "\(.*\)",/\1/p')
  # Its own go.mod points its sibling modules at directories of its repository; here each is required by its version.
  { printf 'module lab/k8s\n\ngo 1.26.0\n\ngodebug default=go1.26\n\nrequire (\n\tk8s.io/kubernetes %s\n' "$kubernetes"
    sed -n 's/^\t\(k8s.io\/[a-z-]*\) v0\.0\.0$/\t\1 v0.'"${kubernetes#v1.}"'/p' "$mod"
    printf ')\n\ntool (\n\tk8s.io/kubernetes/cmd/kube-apiserver\n)\n'; } > go.mod
  go mod tidy
  minor=${kubernetes#v1.}
  flags='-s -w'
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags="$flags -X $package.gitVersion=$kubernetes -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*} -X $package.gitTreeState=clean"
  done
  CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "$flags" -o "$base/bin/.kube-apiserver" k8s.io/kubernetes/cmd/kube-apiserver
  mv "$base/bin/.kube-apiserver" "$base/bin/kube-apiserver"
fi

if [ ! -x "$base/bin/flanneld" ]; then
  cd "$base/src/flannel"
  # It imports the SDK of one cloud, of which no usable version is published; nobody here talks to that cloud.
  printf 'module github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/vpc\n\ngo 1.26.0\n' > stub/go.mod
  cp "$here/flannel-stub.go" stub/v20170312/stub.go
  { printf 'module lab/flannel\n\ngo 1.26.0\n\nrequire (\n\tgithub.com/flannel-io/flannel %s\n' "$flannel"
    printf '\tgithub.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common v1.3.210\n)\n\n'
    printf 'replace github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/vpc => ./stub\n\ntool github.com/flannel-io/flannel\n'; } > go.mod
  go mod tidy
  CGO_ENABLED=1 go build -trimpath -buildvcs=false -ldflags "-s -w -X github.com/flannel-io/flannel/pkg/version.Version=$flannel" -o "$base/bin/.flanneld" github.com/flannel-io/flannel
  mv "$base/bin/.flanneld" "$base/bin/flanneld"
fi
