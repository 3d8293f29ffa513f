//! The programs themselves, as processes: HQ's server on loopback, and branches' command lines.
//!
//! A process that a test starts ends with its handle. Nothing waits by sleeping: a server is ready when
//! it says its address, a command when it has ended.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// A profile for the tills of these stories.
const TILL: &str = r#"
name = "till"
currency = "CNY"
zone = "Asia/Shanghai"
time_format = "%Y-%m-%dT%H:%M:%S"

[columns]
receipt = "receipt"
line = "line"
sku = "sku"
quantity = "quantity"
amount = "paid"
time = "time"
tender = "tender"

[[rule]]
kind = "sale"
"#;

/// Where cargo put the programs. They are built here only where somebody ran this package's tests
/// alone in a fresh clone.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let test = std::env::current_exe().expect("a test has a file");
        let folder = test.parent().and_then(Path::parent).expect("target/PROFILE/deps").to_owned();
        if !["guicang", "guicang-server"].iter().all(|p| at(&folder, p).exists()) {
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let mut build = Command::new(cargo);
            build.args(["build", "-p", "guicang-client", "-p", "guicang-server"]);
            if folder.ends_with("release") {
                build.arg("--release");
            }
            assert!(build.status().expect("cargo runs").success(), "the programs can't be built");
        }
        folder
    })
}

fn at(folder: &Path, program: &str) -> PathBuf {
    folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX))
}

/// A program, with nothing of the caller's settings.
fn program(name: &str) -> Command {
    let mut command = Command::new(at(folder(), name));
    for (key, _) in std::env::vars_os().filter(|(k, _)| k.to_string_lossy().starts_with("GUICANG_")) {
        command.env_remove(key);
    }
    command.env("GUICANG_LANG", "en").stdin(Stdio::null());
    command
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Its data.
    pub out: String,
    /// What it said.
    pub said: String,
}

impl Ended {
    /// The items of its JSON.
    pub fn items(&self) -> Vec<Value> {
        let json: Value = serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"));
        json["items"].as_array().unwrap_or_else(|| panic!("{self:?}")).clone()
    }

    /// Itself, if all went well.
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }
}

/// The same command run by a user who may do nothing, with a copy of the program in a folder that this
/// user may look into.
#[cfg(unix)]
pub fn as_nobody(command: &Command, folder: &Path) -> Command {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65_534;
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
    let copy = folder.join("program");
    std::fs::copy(command.get_program(), &copy).unwrap();
    std::fs::set_permissions(&copy, PermissionsExt::from_mode(0o755)).unwrap();
    let mut same = Command::new(copy);
    same.args(command.get_args()).uid(NOBODY).gid(NOBODY).current_dir(folder);
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => same.env(key, value),
            None => same.env_remove(key),
        };
    }
    same
}

/// Runs a command to its end.
pub fn run(mut command: Command) -> Ended {
    let output = command.output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: output.status.code(), out: text(output.stdout), said: text(output.stderr) }
}

/// A command line's words.
pub fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// The digest of all that is shown, which a rebuild from the facts has to give again.
fn digest(rebuilt: Ended) -> String {
    let item = rebuilt.ok().items().remove(0);
    assert_eq!((&item["equal"], &item["before"]), (&true.into(), &item["after"]));
    item["after"].as_str().expect("a text").to_owned()
}

/// HQ: its data, and its server while it runs.
pub struct Headquarters {
    folder: tempfile::TempDir,
    server: Option<(Child, BufReader<ChildStdout>)>,
    /// Where the server listens.
    pub address: String,
}

impl Headquarters {
    /// A new organisation with sites, and its server.
    pub fn open(sites: &[&str]) -> Self {
        Self::open_with_secret(sites).0
    }

    /// The same, with the organisation's secret, as it was shown once.
    pub fn open_with_secret(sites: &[&str]) -> (Self, String) {
        let folder = tempfile::tempdir().unwrap();
        let mut hq = Self { folder, server: None, address: String::new() };
        let made = hq.run(&["init", "--name", "Orchard"]).ok();
        let is_secret = |word: &&str| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
        let secret = made.said.split_whitespace().find(is_secret).expect("it is shown").to_owned();
        for site in sites {
            hq.run(&["site", "add", site, "--name", site]).ok();
        }
        hq.serve("127.0.0.1:0", &[]);
        (hq, secret)
    }

    /// A file of HQ's.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join("hq").join(file)
    }

    /// The command, not run yet.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = program("guicang-server");
        command.arg("--data").arg(self.folder.path().join("hq")).args(args);
        command
    }

    /// A command at HQ.
    pub fn run(&self, args: &[&str]) -> Ended {
        run(self.command(args))
    }

    /// A query at HQ.
    pub fn items(&self, query: &[&str]) -> Vec<Value> {
        self.run(&[query, &["--json"]].concat()).ok().items()
    }

    /// The digest of all that HQ shows.
    pub fn digest(&self) -> String {
        digest(self.run(&["rebuild", "--json"]))
    }

    /// The server ends, and another begins at the same address, with these settings.
    pub fn serve_again(&mut self, settings: &[&str]) {
        self.stop();
        let address = self.address.clone();
        self.serve(&address, settings);
    }

    /// The server begins at another address; it must have ended before.
    pub fn serve_elsewhere(&mut self) {
        self.serve("127.0.0.1:0", &[]);
    }

    /// The server ends.
    pub fn stop(&mut self) {
        if let Some((mut server, _)) = self.server.take() {
            // One that has ended by itself can't be ended again.
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    fn serve(&mut self, at: &str, settings: &[&str]) {
        let mut command = self.command(&["serve", "--listen", at, "--json"]);
        command.args(settings);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).expect("a server says where it listens");
        let url = ready["listening"].as_str().expect("an address");
        self.address = url.strip_prefix("http://").expect("HTTP").to_owned();
        self.server = Some((child, lines));
    }

    /// A branch's device, joined by way of an address.
    pub fn branch(&self, site: &str, address: &str) -> Branch {
        let code = self.items(&["device", "enrol", "--site", site]).remove(0);
        let branch = Branch { file: self.folder.path().join(format!("{site}.guicang")) };
        let url = format!("http://{address}");
        branch.run(&["join", &url, "--code", code["code"].as_str().unwrap()]).ok();
        branch
    }

    /// The date, in UTC, as the programs know it.
    pub fn today(&self, site: &str) -> String {
        let code = self.items(&["device", "enrol", "--site", site]).remove(0);
        code["until"].as_str().unwrap()[..10].to_owned()
    }

    /// A file in HQ's folder.
    pub fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Brings in a sale of today at a branch: TEA, so many units at 20.00.
    pub fn sell(&self, at: &Branch, site: &str, receipt: &str, units: u32) {
        self.sell_each(at, site, &[receipt.to_owned()], units);
    }

    /// Brings in such a sale for each receipt.
    pub fn sell_each(&self, at: &Branch, site: &str, receipts: &[String], units: u32) {
        let profile = self.file("till.toml", TILL);
        let (today, paid) = (self.today(site), units * 20);
        let row = |receipt: &String| format!("{receipt},1,TEA,{units},{paid}.00,{today}T00:00:00,wechat\n");
        let rows: String = receipts.iter().map(row).collect();
        let csv = self.file("till.csv", &format!("receipt,line,sku,quantity,paid,time,tender\n{rows}"));
        at.run(&["import", "--profile", &profile, &csv]).ok();
    }
}

impl Drop for Headquarters {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A branch's file.
pub struct Branch {
    /// Where it is.
    pub file: PathBuf,
}

impl Branch {
    /// A branch of its own, that never joins.
    pub fn alone(folder: &Path) -> Self {
        let branch = Self { file: folder.join("alone.guicang") };
        branch.run(&["init", "--site", "A"]).ok();
        branch
    }

    /// The command, not run yet.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = program("guicang");
        command.arg("--db").arg(&self.file).args(args);
        command
    }

    /// A command at the branch.
    pub fn run(&self, args: &[&str]) -> Ended {
        run(self.command(args))
    }

    /// A query at the branch, or a command that answers with what it made.
    pub fn items(&self, query: &[&str]) -> Vec<Value> {
        self.run(&[query, &["--json"]].concat()).ok().items()
    }

    /// The digest of all that the branch shows.
    pub fn digest(&self) -> String {
        digest(self.run(&["rebuild", "--json"]))
    }

    /// Syncs until it succeeds. How often it took.
    pub fn sync(&self) -> u32 {
        for times in 1..=40 {
            let ended = self.run(&["sync", "--json"]);
            if ended.code == Some(0) {
                let session = &ended.items()[0];
                assert_eq!((&session["proven"], &session["unsent_changes"]), (&true.into(), &0.into()));
                return times;
            }
            assert_eq!(ended.code, Some(75), "only the line may fail: {ended:?}");
        }
        panic!("the line was cut again and again");
    }
}
