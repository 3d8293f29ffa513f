//! `user`: the people who work here, and what they may grant, kept by HQ; in and out as CSV.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use guicang_cli::texts::master;
use guicang_cli::verbs::user::{ListArgs, ShowArgs};
use guicang_cli::{Failure, Globals, Language, Told};
use guicang_domain::ids::{SiteId, UserName};
use guicang_domain::user::{StaffRole, User};
use guicang_replica::{By, Listing, UserDraft};

use super::sheet::{ExportArgs, Fault, List, Places, code};
use super::{Session, sheet};
use guicang_cli::texts::hq as texts;

/// The commands on users.
#[derive(Debug, Subcommand)]
pub enum UserVerb {
    /// Add somebody who works here
    #[command(
        after_help = "Examples:\n  guicang-server user add wang --name \"Wang Fang\" --role manager --site S01 --site S02\n  guicang-server user add qian --role hq"
    )]
    Add(PutArgs),
    /// Change what is said of somebody; a role that was withdrawn is given back with --active
    #[command(
        after_help = "Examples:\n  guicang-server user set wang --role clerk\n  guicang-server user set wang --site S03\n  guicang-server user set wang --active"
    )]
    Set(SetArgs),
    /// Withdraw somebody's role; what they agreed to before stands
    #[command(after_help = "Examples:\n  guicang-server user withdraw wang")]
    Withdraw(ShowArgs),
    /// List the people who work here, and what they may grant
    #[command(
        after_help = "Examples:\n  guicang-server user list --site S01\n  guicang-server user list --json"
    )]
    List(ListArgs),
    /// Show all that is said of somebody
    #[command(after_help = "Examples:\n  guicang-server user show wang")]
    Show(ShowArgs),
    /// Add people from a CSV file, or change what is said of them: all of the file, or nothing
    #[command(after_help = "Examples:\n  guicang-server user import staff.csv --dry-run")]
    Import(ImportArgs),
    /// Write the list of users as CSV, to be edited and imported again
    #[command(after_help = "Examples:\n  guicang-server user export staff.csv")]
    Export(ExportArgs),
}

/// Somebody. What isn't said stays as it is.
#[derive(Debug, Args)]
pub struct PutArgs {
    /// The name as it is typed at the counter (--user)
    pub user: UserName,
    /// The name in full [default: the other]
    #[arg(long)]
    pub name: Option<String>,
    /// What they may grant: clerk, manager, hq [default: clerk]
    #[arg(long)]
    pub role: Option<StaffRole>,
    /// Where they work; may be repeated, and takes the place of the sites said before
    #[arg(long = "site", value_name = "SITE")]
    pub sites: Vec<SiteId>,
}

/// Somebody who is listed.
#[derive(Debug, Args)]
pub struct SetArgs {
    #[command(flatten)]
    put: PutArgs,
    /// Give back a role that was withdrawn
    #[arg(long)]
    pub active: bool,
}

/// From where.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// CSV with headers in Chinese or English: user, and any of name, role, sites (apart by ;), state (active, withdrawn)
    pub file: PathBuf,
    /// Do everything but write
    #[arg(long)]
    pub dry_run: bool,
}

impl UserVerb {
    /// Does it.
    ///
    /// # Errors
    /// [`Failure`] when it was refused, a file can't be read or written, or a row is wrong: nothing is changed
    /// then.
    pub fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        match self {
            UserVerb::Add(args) => put(session, Listing::New, args.draft(None)),
            UserVerb::Set(args) => put(session, Listing::Known, args.put.draft(args.active.then_some(true))),
            UserVerb::Withdraw(args) => put(
                session,
                Listing::Known,
                UserDraft {
                    name: args.name.clone(),
                    display: None,
                    role: None,
                    sites: None,
                    active: Some(false),
                },
            ),
            UserVerb::List(args) => args.run(&session.open()?.replica, session.globals),
            UserVerb::Show(args) => args.run(&session.open()?.replica, session.globals),
            UserVerb::Import(args) => args.run(session),
            UserVerb::Export(args) => {
                let globals = session.globals;
                let rows = session.open()?.replica.users().told(globals)?;
                let users: Vec<User> = rows.into_iter().map(|row| row.is).collect();
                sheet::write(args.file.as_deref(), &table(&users, globals.language), globals)
            }
        }
    }
}

impl PutArgs {
    fn draft(&self, active: Option<bool>) -> UserDraft {
        UserDraft {
            name: self.user.clone(),
            display: self.name.clone(),
            role: self.role,
            sites: (!self.sites.is_empty()).then(|| self.sites.iter().cloned().collect()),
            active,
        }
    }
}

fn put(session: &Session<'_>, listing: Listing, draft: UserDraft) -> Result<(), Failure> {
    let globals = session.globals;
    let l = globals.language;
    let name = draft.name.clone();
    let mut hq = session.open_or_found()?;
    let changed = hq.replica.put_users(&by(globals), listing, vec![draft]).told(globals)? > 0;
    globals.say(&if changed { master::user_put(l, &name) } else { texts::unchanged(l) })?;
    session.settle(&mut hq)?;
    ShowArgs { name }.run(&hq.replica, globals)?;
    globals.next(&master::users_next(l, globals.program))
}

fn by(globals: &Globals) -> By {
    By::user(globals.user.clone())
}

impl ImportArgs {
    fn run(&self, session: &Session<'_>) -> Result<(), Failure> {
        let globals = session.globals;
        let (columns, drafts) = sheet::read(&self.file, globals, Columns::of, Columns::draft)?;
        let list = List {
            schema: "user-import",
            key: |draft: &UserDraft| draft.name.to_string(),
            told: |l, rows, changed| match changed {
                Some(changed) => master::users_read(l, rows, changed),
                None => master::users_dry(l, rows),
            },
            next: master::users_next(globals.language, globals.program),
        };
        sheet::import(session, &list, (columns.0.unread, drafts), self.dry_run, |hq, drafts| {
            hq.replica.put_users(&by(globals), Listing::Any, drafts).told(globals)
        })
    }
}

/// The columns in their order, each with its headers: the English one, the Chinese one, others.
const COLUMNS: [&[&str]; 5] = [
    &["user", "登录名", "工号", "user name", "cashier"],
    &["name", "姓名", "名称", "full name"],
    &["role", "角色", "身份", "岗位"],
    &["sites", "门店", "所属门店", "site", "stores"],
    &["state", "状态", "是否在职"],
];

/// What roles are called in files, beside their names in data.
const ROLES: [(StaffRole, &str); 3] =
    [(StaffRole::Clerk, "店员"), (StaffRole::Manager, "经理"), (StaffRole::Hq, "总部")];

/// Where a file has them.
struct Columns(Places<5>);

impl Columns {
    fn of(headers: &[String]) -> Result<Self, Vec<&'static str>> {
        Places::of(headers, COLUMNS, "user/登录名").map(Self)
    }

    /// What a row says of its user. Empty cells leave what is known.
    fn draft(&self, cells: &[String]) -> Result<UserDraft, Fault> {
        let cell = |n: usize| {
            let (place, header) = self.0.at[n].as_ref()?;
            Some((cells[*place].trim(), header.as_str())).filter(|(text, _)| !text.is_empty())
        };
        let header = self.0.at[0].as_ref().map_or("user", |(_, header)| header);
        let written = code(header, cell(0).map_or("", |(text, _)| text))?;
        let name = UserName::new(&written).map_err(|e| Fault::of(header, &written, e.wanted))?;
        let display = match cell(1) {
            Some((text, header)) if text.len() > 1_000 => {
                return Err(Fault::of(header, text, "at most 1,000 bytes"));
            }
            cell => cell.map(|(text, _)| text.to_owned()),
        };
        let role = cell(2).map(|(text, header)| {
            let called = ROLES.iter().find(|(_, zh)| *zh == text).map(|(role, _)| *role);
            called
                .or_else(|| text.to_lowercase().parse().ok())
                .ok_or_else(|| Fault::of(header, text, "clerk, manager or hq"))
        });
        let sites = cell(3).map(|(text, header)| {
            let each = text.split([';', '；', ',', '，', '、', '|']).map(str::trim).filter(|s| !s.is_empty());
            each.map(|site| SiteId::new(site).map_err(|e| Fault::of(header, site, e.wanted)))
                .collect::<Result<BTreeSet<_>, _>>()
        });
        let active = cell(4).map(|(text, header)| match text {
            "active" | "在职" | "是" | "yes" => Ok(true),
            "withdrawn" | "停用" | "已停用" | "离职" | "否" | "no" => Ok(false),
            _ => Err(Fault::of(header, text, "active or withdrawn")),
        });
        Ok(UserDraft {
            name,
            display,
            role: role.transpose()?,
            sites: sites.transpose()?,
            active: active.transpose()?,
        })
    }
}

/// A list of users as rows of cells, its headers first, in a language.
fn table(users: &[User], l: Language) -> Vec<Vec<String>> {
    let row = |user: &User| {
        let sites: Vec<&str> = user.sites.iter().map(SiteId::as_str).collect();
        let role = match l {
            Language::En => user.role.to_string(),
            Language::Zh => master::role(l, user.role.as_str()),
        };
        let state = if user.is_active() { "active" } else { "withdrawn" };
        let state = match l {
            Language::En => state.to_owned(),
            Language::Zh => master::standing(l, state),
        };
        vec![user.name.to_string(), user.display.clone(), role, sites.join(";"), state]
    };
    std::iter::once(sheet::headers(COLUMNS, l)).chain(users.iter().map(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is exported is what is read, in both languages; a cell that is wrong is named by its column.
    #[test]
    fn rows_are_read_or_named() {
        let split = |text: &str| text.split('\t').map(str::to_owned).collect::<Vec<_>>();
        let en = Columns::of(&split("user\tname\trole\tsites\tstate\tshoe")).unwrap();
        assert_eq!(en.0.unread, ["shoe"]);
        let draft = en.draft(&split("wang\tWang Fang\tManager\tS01; United Kingdom\twithdrawn\t")).unwrap();
        let sites: Vec<_> = draft.sites.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!((draft.role, draft.active), (Some(StaffRole::Manager), Some(false)));
        assert_eq!(sites, ["S01", "United Kingdom"]);
        let zh = Columns::of(&split("登录名\t角色\t状态")).unwrap();
        let draft = zh.draft(&split("王\t总部\t在职")).unwrap();
        assert_eq!((draft.role, draft.active, draft.sites), (Some(StaffRole::Hq), Some(true), None));
        for (row, header) in [("\t\t", "登录名"), ("王\t老板\t", "角色"), ("王\t\t休假", "状态")]
        {
            assert_eq!(zh.draft(&split(row)).err().map(|f| f.header).as_deref(), Some(header), "{row}");
        }
        assert_eq!(Columns::of(&split("name")).err(), Some(vec!["user/登录名"]));
    }
}
