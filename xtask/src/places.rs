//! Where things are: the workspace, the programs that cargo built, the optional data beside it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace's root. Known from where xtask was built: `cargo xtask` builds it in place.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ lies in the workspace")
}

/// The folder of real transactions that a developer may have beside the workspace.
pub fn shared_data() -> PathBuf {
    root().parent().unwrap_or(root()).join("shared").join("data")
}

/// A cargo command at the workspace's root, with the cargo that runs xtask.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The folder into which cargo puts programs built in the dev profile: the one xtask itself is in.
pub fn programs() -> anyhow::Result<PathBuf> {
    let me = std::env::current_exe()?;
    let folder = me.parent().ok_or_else(|| anyhow::anyhow!("{} has no folder", me.display()))?;
    Ok(folder.to_owned())
}
