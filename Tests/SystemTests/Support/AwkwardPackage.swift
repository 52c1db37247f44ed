import TestSupport

/// The package `awkward`: services of every kind that is not as simple as it looks, made on the
/// machine itself. Version 1.1 brings another program, another unit file, a drop-in, and a postinst
/// as many vendors write theirs.
enum AwkwardPackage {
  /// Makes both versions, installs the first and starts what is in it.
  static func install(on machine: Machine) async throws {
    try machine.write("/usr/local/bin/make-awkward", script)
    try await machine.must(
      #"""
      chmod 0755 /usr/local/bin/make-awkward
      make-awkward 1.0 && make-awkward 1.1 && dpkg -i /root/awkward_1.0_all.deb
      systemctl daemon-reload
      systemctl enable --now awkward@a awkward@b 'awkward@c\x2dd' awkward-sock.socket \
        awkward-timed.timer awkward-path.path awkward-fork awkward-once awkward-dyn awkward-reload
      systemctl start awkward-sock
      """#)
  }

  private static let script = #"""
    #!/bin/sh
    # usage: make-awkward VERSION
    set -e
    version=$1
    tree=/root/awkward-$version
    units=$tree/usr/lib/systemd/system
    rm -rf "$tree"; mkdir -p "$tree/DEBIAN" "$units/awkward@.service.d" "$tree/usr/sbin" "$tree/etc/logrotate.d" "$tree/etc/awkward"
    cat >"$tree/DEBIAN/control" <<END
    Package: awkward
    Version: $version
    Architecture: all
    Maintainer: nobody <nobody@example.com>
    Description: services of every awkward kind
    END
    cat >"$tree/usr/sbin/awkward" <<'END'
    #!/bin/sh
    # awkward KIND: lives, and counts its reloads
    trap 'echo reloaded >>/run/awkward-$1.log' HUP
    trap 'exit 0' TERM
    while :; do sleep 0.2 & wait $!; done
    END
    cat >"$tree/usr/sbin/awkward-forks" <<'END'
    #!/bin/sh
    /usr/sbin/awkward fork &
    echo $! >/run/awkward-fork.pid
    END
    chmod 0755 "$tree"/usr/sbin/*
    echo 'level=1' >"$tree/etc/awkward/awkward.conf"
    cat >"$tree/etc/logrotate.d/awkward" <<'END'
    /var/log/awkward/*.log /var/log/awkward.log {
      weekly
      rotate 4
      postrotate
        systemctl kill -s USR1 awkward-reload.service 2>/dev/null || true
        invoke-rc.d awkward-reload reload >/dev/null 2>&1 || true
      endscript
    }
    END
    printf '/etc/awkward/awkward.conf\n/etc/logrotate.d/awkward\n' >"$tree/DEBIAN/conffiles"
    unit() { # unit NAME LINES…
      name=$1; shift
      { echo "[Unit]"; echo "Description=Awkward $name"; printf '%s\n' "$@"; } >"$units/$name"
    }
    unit awkward@.service '[Service]' 'ExecStart=/usr/sbin/awkward at-%i' '[Install]' 'WantedBy=multi-user.target'
    printf '[Service]\nEnvironment=FROM_TEMPLATE=yes\n' >"$units/awkward@.service.d/10-env.conf"
    unit awkward-sock.service 'Requires=awkward-sock.socket' '[Service]' 'ExecStart=/usr/sbin/awkward sock'
    unit awkward-sock.socket '[Socket]' 'ListenStream=/run/awkward.sock' '[Install]' 'WantedBy=sockets.target'
    unit awkward-timed.service '[Service]' 'ExecStart=/usr/sbin/awkward timed'
    unit awkward-timed.timer '[Timer]' 'OnActiveSec=1s' '[Install]' 'WantedBy=timers.target'
    unit awkward-path.service '[Service]' 'ExecStart=/usr/sbin/awkward path'
    unit awkward-path.path '[Path]' 'PathExists=/etc/awkward/awkward.conf' '[Install]' 'WantedBy=multi-user.target'
    unit awkward-fork.service '[Service]' 'Type=forking' 'PIDFile=/run/awkward-fork.pid' 'ExecStart=/usr/sbin/awkward-forks' '[Install]' 'WantedBy=multi-user.target'
    unit awkward-once.service '[Service]' 'Type=oneshot' 'RemainAfterExit=yes' 'ExecStart=/bin/mkdir -p /run/awkward-once' 'ExecStop=/bin/rmdir /run/awkward-once' '[Install]' 'WantedBy=multi-user.target'
    unit awkward-passing.service '[Service]' 'Type=oneshot' 'ExecStart=/bin/true'
    unit awkward-dyn.service '[Service]' 'DynamicUser=yes' 'StateDirectory=awkward' 'ExecStart=/usr/sbin/awkward dyn' '[Install]' 'WantedBy=multi-user.target'
    unit awkward-reload.service '[Service]' 'ExecStart=/usr/sbin/awkward reload' 'ExecReload=/bin/kill -HUP $MAINPID' '[Install]' 'WantedBy=multi-user.target' 'Alias=awkward-other.service'
    if [ "$version" != 1.0 ]; then
      unit awkward-reload.service '[Service]' 'ExecStart=/usr/sbin/awkward renewed' 'ExecReload=/bin/kill -HUP $MAINPID' '[Install]' 'WantedBy=multi-user.target' 'Alias=awkward-other.service'
      mkdir -p "$units/awkward-reload.service.d"
      printf '[Service]\nEnvironment=FROM_PACKAGE=yes\n' >"$units/awkward-reload.service.d/package.conf"
      sed -i 's/^# awkward KIND.*/# awkward KIND, renewed/' "$tree/usr/sbin/awkward"
      # As many vendors write it: no "|| true".
      cat >"$tree/DEBIAN/postinst" <<'END'
    #!/bin/sh
    set -e
    systemctl daemon-reload
    systemctl restart awkward-reload.service
    if [ -e /root/kill-daemon ]; then
      rm /root/kill-daemon
      kill -9 "$(systemctl show -p MainPID --value holdfastd)"
    fi
    sleep 1
    END
      chmod 0755 "$tree/DEBIAN/postinst"
    fi
    dpkg-deb --build --root-owner-group "$tree" "/root/awkward_${version}_all.deb" >/dev/null
    """#
}
