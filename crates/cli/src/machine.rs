//! Which machine this is, by what its system says of itself.
//!
//! The binaries pass in how a system file and a variable are read. What surprises: the id of the boot
//! comes first, since it is equal in all containers on one running system, which may share a file; the
//! id of the installation is equal after it was started again.

use guicang_replica::Machine;

/// Reads a file, or looks up a variable, by its name; none where there is none.
pub type Look<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The machine; none where the system says nothing of itself.
pub fn machine(file: Look<'_>, env: Look<'_>) -> Option<Machine> {
    let first = |look: Look<'_>, names: &[&str]| {
        let texts = names.iter().filter_map(|name| look(name));
        // systemd's word in an image that was never started.
        texts.map(|t| t.trim().to_owned()).find(|t| !t.is_empty() && t != "uninitialized").unwrap_or_default()
    };
    let boot = first(file, &["/proc/sys/kernel/random/boot_id"]);
    let mut id = first(file, &["/etc/machine-id", "/var/lib/dbus/machine-id"]);
    let mut name = first(file, &["/proc/sys/kernel/hostname", "/etc/hostname"]);
    if name.is_empty() {
        name = first(env, &["COMPUTERNAME", "HOSTNAME"]);
    }
    if id.is_empty() && boot.is_empty() {
        id = name.clone();
    }
    if name.is_empty() {
        name = if id.is_empty() { boot.clone() } else { id.clone() };
    }
    (!name.is_empty()).then_some(Machine { boot, id, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(of: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        move |name| of.iter().find(|(n, _)| *n == name).map(|(_, text)| (*text).to_owned())
    }

    #[test]
    fn a_machine_is_known_by_what_its_system_says() {
        let linux = said(&[
            ("/proc/sys/kernel/random/boot_id", "72c55d3a\n"),
            ("/etc/machine-id", "3d1219c7\n"),
            ("/proc/sys/kernel/hostname", "till-1\n"),
        ]);
        let windows = said(&[("COMPUTERNAME", "TILL-1")]);
        let image = said(&[("/etc/machine-id", "uninitialized\n")]);
        let nothing = said(&[]);
        let machine_of = |boot: &str, id: &str, name: &str| {
            Some(Machine { boot: boot.into(), id: id.into(), name: name.into() })
        };
        assert_eq!(machine(&linux, &nothing), machine_of("72c55d3a", "3d1219c7", "till-1"));
        assert_eq!(machine(&nothing, &windows), machine_of("", "TILL-1", "TILL-1"));
        assert_eq!(machine(&image, &nothing), None);
    }
}
