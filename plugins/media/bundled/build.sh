#!/usr/bin/env bash
# Builds the static FFmpeg of the link mode `bundled`; `cargo xtask bundle-ffmpeg` calls it.
#
#   plugins/media/bundled/build.sh [FOLDER]
#
# Prints the folder of the pkg-config files, FOLDER/VERSION/lib/pkgconfig; all else goes to stderr. FOLDER is
# target/ffmpeg unless said otherwise. The sources are Debian's, pinned in `sources`; what is compiled in is listed in
# `components`. A second run does nothing until one of the two or the way of building changes.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-$here/../../../target/ffmpeg}
mkdir -p "$folder/sources"
folder=$(cd "$folder" && pwd)
work=$folder/work
# One at a time; and what a broken run left is not trusted.
exec 9>"$folder/lock"
flock 9
rm -rf "$work"
# Compiling takes minutes; whatever else the machine does goes first.
renice -n 10 $$ >/dev/null

say() { printf 'bundle-ffmpeg: %s\n' "$*" >&2; }
die() { say "$*"; exit 69; }

# The columns of `sources` by name of the package.
declare -A version release checksum
while IFS='|' read -r name v r c; do
  [[ $name != '#'* && -n $c ]] || continue
  name=${name// /} version[$name]=${v// /} release[$name]=${r// /} checksum[$name]=${c// /}
done <"$here/sources"
prefix=$folder/${version[ffmpeg]}
# The words for configure that `components` stands for.
components=$(awk '/^[a-z]/ { for (i = 2; i <= NF; i++) print "--enable-" $1 "=" $i }' "$here/components" | sort)
# Our own libraries win over the system's of the same name.
export prefix components PKG_CONFIG_PATH=$prefix/lib/pkgconfig

# Runs a command with its chatter in a file, whose end is shown when the command fails.
quietly() {
  local log=$folder/$1.log
  shift
  "$@" >>"$log" 2>&1 || { tail -n 15 "$log" >&2; die "failed: $1; all of it is in $log"; }
}

# --- sources: from the Debian archive that this machine's apt uses, without touching its configuration ---------------

# Runs an apt tool that knows only the source packages of the releases in `sources`.
apt_sources() { APT_CONFIG=$work/apt/apt.conf "$@"; }

prepare_apt() {
  local apt=$work/apt archive keys=/usr/share/keyrings/debian-archive-keyring.gpg
  [[ ! -e $apt/ready ]] || return 0
  command -v apt-get >/dev/null || die 'no apt-get here: put the tarballs of `sources` into '"$folder/sources"
  archive=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
    sed -n '/^Debian|Debian|/{s///p;q}')
  [[ -n $archive ]] || die 'apt on this machine knows no Debian archive; if it should, run: apt-get update'
  [[ -r $keys ]] || die "$keys is missing: install debian-archive-keyring"
  mkdir -p "$apt"/{state/lists/partial,cache/archives/partial,etc/apt.conf.d}
  : >"$apt/status"
  printf "deb-src [signed-by=$keys] $archive %s main\n" "${release[@]}" | sort -u >"$apt/sources.list"
  # Old lists will do: what they lead to is held against the checksums of `sources`.
  cat >"$apt/apt.conf" <<END
Dir::State "$apt/state";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Etc "$apt/etc";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Acquire::Check-Valid-Until "false";
APT::Sandbox::User "root";
END
  say "fetching Debian's lists of source packages"
  quietly apt apt_sources apt-get update
  touch "$apt/ready"
}

# Puts the tarball of package $1 into $folder/sources and prints its path. One with another checksum is refused.
tarball() {
  local name=$1 revision found
  local base=${name}_${version[$name]}.orig.tar
  found=$(compgen -G "$folder/sources/$base.*z" || true)
  if [[ -z $found ]]; then
    prepare_apt
    revision=$(apt_sources apt-cache showsrc --only-source "$name" |
      awk -v v="${version[$name]}" '$1 == "Version:" { u = $2; sub(/^[0-9]+:/, "", u); sub(/-[^-]*$/, "", u)
        if (u == v) { print $2; exit } }')
    mkdir -p "$work/fetch"
    [[ -z $revision ]] || (cd "$work/fetch" && apt_sources apt-get -qq source --download-only --tar-only \
      "$name=$revision") >>"$folder/apt.log" 2>&1 || true
    found=$(compgen -G "$work/fetch/$base.*z" || true)
    [[ -n $found ]] || die "$name ${version[$name]} is no longer in Debian ${release[$name]}. Either put $base.xz \
(SHA-256 ${checksum[$name]}) into $folder/sources, or move the pin: the head of $here/sources says how"
  fi
  sha256sum --check --status <<<"${checksum[$name]}  $found" ||
    die "$found is not the file pinned in $here/sources: its SHA-256 is $(sha256sum <"$found" | cut -d' ' -f1), \
not ${checksum[$name]}. It was not unpacked"
  mv -n "$found" "$folder/sources/"
  printf '%s\n' "$folder/sources/${found##*/}"
}

# --- building: one function for each row of `sources`, run inside the unpacked tarball -------------------------------

# Without optimising at link time: that would compile the library anew in every link of every plugin.
build_svt_av1() {
  cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
    -DBUILD_SHARED_LIBS=OFF -DBUILD_APPS=OFF -DBUILD_TESTING=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DSVT_AV1_LTO=OFF
  ninja -C build install
}

build_dav1d() {
  meson setup build --buildtype=release --default-library=static --prefix="$prefix" --libdir=lib \
    -Denable_tools=false -Denable_tests=false
  ninja -C build install
}

# GPL for x264 and x265, version 3 for the AMR encoders. Nothing is taken because it happens to be installed.
# Hidden symbols: code finds its own data without a table, and nothing leaks out of a plugin.
build_ffmpeg() {
  ./configure --prefix="$prefix" --enable-gpl --enable-version3 \
    --enable-static --disable-shared --enable-pic --extra-cflags=-fvisibility=hidden --disable-debug \
    --disable-everything --disable-autodetect --disable-network --disable-avdevice --disable-programs --disable-doc \
    --pkg-config-flags=--static --enable-zlib --enable-lib{x264,x265,vpx,svtav1,dav1d,xvid,theora} \
    --enable-lib{mp3lame,opus,vorbis,speex,gsm,opencore-amrnb,vo-amrwbenc} \
    --enable-lib{freetype,fontconfig,harfbuzz,fribidi,ass,zimg} --fatal-warnings \
    $components
  make -j"$(nproc)"
  make install
}

# Builds package $1 unless that was done from the same source in the same way. $2: what else it is made of.
build() {
  local name=$1 recipe=build_${1//-/_} stamp=$prefix/.built-$1 digest file
  digest=$({ declare -f "$recipe"; printf '%s\n' "$prefix" "${checksum[$name]}" "${2-}"; } | sha256sum)
  [[ ! -e $stamp || $(<"$stamp") != "$digest" ]] || return 0
  file=$(tarball "$name")
  rm -rf "$stamp" "$folder/$name.log" "${work:?}/$name"
  mkdir -p "$work/$name" "$prefix"
  tar xf "$file" -C "$work/$name" --strip-components=1
  say "building $name ${version[$name]}"
  local start=$SECONDS
  quietly "$name" bash -euc "$(declare -f "$recipe"); cd '$work/$name'; $recipe"
  printf '%s\n' "$digest" >"$stamp"
  say "built $name in $((SECONDS - start)) s"
}

# --- codec libraries: static where Debian's archive of it may go into a shared object --------------------------------

# Names of the libraries that FFmpeg links beside its own, as in -lNAME.
libraries() {
  pkg-config --static --libs-only-l "$prefix"/lib/pkgconfig/lib{av,sw}*.pc | tr ' ' '\n' |
    sed -n '/^-l\(av\|sw\|stdc++\|gcc\|m$\|c$\|pthread\|dl$\|rt$\)/!s/^-l//p' | sort -u
}

# Whether archive $1 consists of position-independent code.
relocatable() {
  c++ -shared -o "$work/probe.so" -Wl,-z,text,--version-script="$work/hidden" -Wl,--whole-archive "$1" \
    -Wl,--no-whole-archive 2>/dev/null
}

# Copies the archives that can go into a plugin beside FFmpeg's own, which is where the linker looks first. What a
# shared one of them uses stays shared too, so that no library is there twice.
adopt() {
  local name file shared='' copies=()
  mkdir -p "$work"
  echo '{ local: *; };' >"$work/hidden"
  [[ ! -e $prefix/.adopted ]] || sed "s|.*/|$prefix/lib/|" "$prefix/.adopted" | xargs rm -f
  for name in $(libraries); do
    [[ ! -e $prefix/lib/lib$name.a ]] || continue
    file=$(cc -print-file-name="lib$name.a")
    if [[ $file == /* ]] && relocatable "$file"; then
      copies+=("$file")
    else
      shared+=$(ldd "$(cc -print-file-name="lib$name.so")")
    fi
  done
  for file in "${copies[@]}"; do
    name=${file##*/}
    [[ $shared != *"/${name%.a}.so"* ]] || continue
    cp "$file" "$prefix/lib/"
    sha256sum "$file"
  done >"$prefix/.adopted"
}

# All sources are at hand before anything is compiled: a pin that has gone is said at once.
for name in "${!version[@]}"; do
  [[ -e $prefix/.built-$name ]] || tarball "$name" >/dev/null
done
build svt-av1
build dav1d
build ffmpeg "$components $(cat "$prefix"/.built-{svt-av1,dav1d})"
# An update of Debian's codec libraries is taken in; FFmpeg itself need not be built again for it.
[[ $prefix/.adopted -nt $prefix/.built-ffmpeg ]] && sha256sum --check --status "$prefix/.adopted" || adopt
rm -rf "$work"
printf '%s\n' "$PKG_CONFIG_PATH"
