//! The replica's errors in words: what went wrong, the exit code, what to do.

use guicang_domain::document::RULES;
use guicang_domain::ids::UserName;
use guicang_domain::money::Currency;
use guicang_domain::policy::Ground;
use guicang_domain::returns::moves::Illegal;
use guicang_domain::returns::stage::Stage;
use guicang_domain::user::Lacks;
use guicang_replica::BackupError;
use guicang_replica::{CommandError, OpenError, StoreError};

use crate::exit::{Exit, Explain, Failure, LackedDocuments};
use crate::language::Language;
use crate::texts::clones;
use crate::texts::{apart, counts, failures, horizon, master, money, moves, names, next, policy};

impl Explain for StoreError {
    fn explain(&self, language: Language, program: &str) -> Failure {
        let (message, next) = match self {
            StoreError::ReadOnly => {
                (failures::read_only(language, &failures::the_file(language)), next::permissions(language))
            }
            StoreError::Full => (failures::disk_full(language), next::make_room(language)),
            StoreError::Busy => (failures::busy(language), next::again(language)),
            StoreError::OtherMachine { name, until } => {
                return Failure::new(
                    Exit::Refused,
                    failures::other_machine(language, name, &until.to_rfc3339()),
                    next::one_machine(language, program),
                );
            }
            StoreError::LetGo { documents, number } => {
                return Failure {
                    lacks: Some(Box::new(LackedDocuments {
                        documents: documents.clone(),
                        number: number.clone(),
                    })),
                    ..Failure::new(
                        Exit::Unreachable,
                        horizon::let_go(language, number),
                        horizon::let_go_next(language, program),
                    )
                };
            }
            StoreError::Damaged { what, detail } => {
                return Failure::new(
                    Exit::Refused,
                    failures::damaged(language, what, detail),
                    next::doctor(language, program),
                );
            }
            StoreError::Sqlite(error) => (failures::store(language, error), next::doctor(language, program)),
        };
        Failure::new(Exit::Other, message, next)
    }
}

impl Explain for OpenError {
    fn explain(&self, language: Language, program: &str) -> Failure {
        let l = language;
        match self {
            OpenError::NotFound { path } => {
                Failure::new(Exit::Other, failures::not_found(l, path), next::make_file(l, program))
            }
            OpenError::Exists { path } => {
                Failure::new(Exit::Refused, failures::exists(l, path), next::other_file(l))
            }
            OpenError::NotAReplica { path } => {
                Failure::new(Exit::Refused, failures::not_a_replica(l, path), next::other_file(l))
            }
            OpenError::ReadOnly { path } => {
                Failure::new(Exit::Other, failures::read_only(l, path), next::permissions(l))
            }
            OpenError::Newer { path, found, reads } => {
                Failure::new(Exit::Refused, failures::newer_file(l, path, *found, *reads), next::upgrade(l))
            }
            OpenError::NetworkFileSystem { path, kind } => {
                Failure::new(Exit::Refused, failures::network_disk(l, path, kind), next::own_disk(l, program))
            }
            OpenError::Grant(detail) => {
                Failure::new(Exit::Refused, failures::grant(l, detail), next::new_code(l))
            }
            OpenError::Store(error) => error.explain(l, program),
        }
    }
}

impl Explain for CommandError {
    fn explain(&self, language: Language, program: &str) -> Failure {
        let l = language;
        let (message, next) = match self {
            CommandError::Store(error) => return error.explain(l, program),
            CommandError::Count(refusal) => return refusal.explain(l, program),
            CommandError::ReceiptCode(error) => return error.explain(l, program),
            CommandError::SaleNotHeld { receipt } => super::receipt::not_held(l, receipt),
            CommandError::Horizon { found, least, most } => {
                return Failure::new(
                    Exit::Usage,
                    horizon::wrong(l, *found, *least, *most),
                    horizon::wrong_next(l, program),
                );
            }
            CommandError::UnknownSku { found } => (failures::unknown_sku(l, found), next::stock(l, program)),
            CommandError::NotOnReceipt { receipt, sku, has } => (
                failures::not_on_receipt(l, receipt, sku, &list(has)),
                next::sale(l, program, &receipt.to_string()),
            ),
            CommandError::UnknownReturn { found } => {
                (failures::unknown_return(l, found), next::returns(l, program))
            }
            CommandError::UnknownImport { found } => {
                (failures::unknown_import(l, found), next::imports(l, program))
            }
            CommandError::UnknownDocument { kind, found } => {
                let kind = kind.as_str();
                let next = match kind {
                    "transfer" => next::receive_unknown(l, program, found),
                    "supplier_return" => next::supplier_returns(l, program),
                    "count" => counts::next_list(l, program),
                    "hold" => next::help(l, program, "hold list"),
                    _ => next::reservations(l, program),
                };
                (failures::unknown_document(l, &names::document(l, kind), found), next)
            }
            CommandError::MoreThanSent { sku, asked, open } => {
                (failures::more_than_sent(l, sku, asked, open), next::over(l))
            }
            CommandError::MoreThanOpen { number, sku, asked, open } => {
                (failures::more_than_open(l, number, sku, asked, open), next::correct(l))
            }
            CommandError::HeldByReturns { sku, found } => {
                let each = found.iter().map(|(number, quantity)| format!("{number} ({quantity})"));
                let found: Vec<String> = each.collect();
                match found.is_empty() {
                    true => (failures::held_by_none(l, sku), next::stock(l, program)),
                    false => {
                        (failures::held_by_returns(l, sku, &list(&found)), next::name_return(l, program))
                    }
                }
            }
            CommandError::WitnessNeeded { user } => (failures::witness_needed(l, user), next::witness(l)),
            CommandError::Ambiguous { number, found } => {
                (failures::ambiguous(l, number, &list(found)), next::use_identity(l))
            }
            CommandError::UnknownSite { found } => {
                (failures::unknown_site(l, found), next::sites(l, program))
            }
            CommandError::UnknownReason { found, known } => {
                (failures::unknown_reason(l, found, &list(known)), next::correct(l))
            }
            CommandError::UnknownSupplier { found } => {
                (master::no_supplier(l, found), master::suppliers_next(l, program))
            }
            CommandError::UnknownUser { found } => {
                (master::no_user(l, found), master::users_next(l, program))
            }
            CommandError::ListedAlready { found } => (master::listed_already(l, found), next::correct(l)),
            CommandError::UnknownException { found } => {
                (failures::unknown_exception(l, found), next::exceptions(l, program))
            }
            CommandError::UnknownChange { found } => {
                (apart::unknown_change(l, found), next::help(l, program, "change list"))
            }
            CommandError::AmbiguousChange { found, changes } => {
                (apart::ambiguous_change(l, found, &changes.join(" ")), next::correct(l))
            }
            CommandError::NotAdmissible { change, rule, remedy } => (
                apart::not_admissible(l, change, &apart::rules(l, rule), &apart::remedies(l, remedy)),
                next::help(l, program, "change show"),
            ),
            CommandError::Value { field, found, wanted } => {
                (value(l, field, found, wanted), next::correct(l))
            }
            CommandError::MoreThanLeft { sku, asked, left } => {
                (failures::more_than_left(l, sku, asked, left), next::correct(l))
            }
            CommandError::GradesDontAddUp { graded, quantity } => {
                (failures::grades_dont_add_up(l, graded, quantity), next::correct(l))
            }
            CommandError::MoreThanOwed { asked, left, currency } => (
                failures::more_than_owed(l, &currency.format(*asked), &currency.format(*left), currency),
                next::correct(l),
            ),
            CommandError::NeedsManager { grounds, policy: version, currency, could } => (
                with_could(l, failures::needs_manager(l, &all(l, grounds, *currency), version), could),
                next::approve(l),
            ),
            CommandError::NeedsHq { grounds, policy: version, currency, could } => (
                with_could(l, policy::needs_hq(l, &all(l, grounds, *currency), version), could),
                policy::have_hq_approve(l, program),
            ),
            CommandError::PolicyRefuses { grounds, policy: version, currency } => {
                (policy::refuses(l, &all(l, grounds, *currency), version), policy::change_policy(l))
            }
            CommandError::BelowLegal(below) => (
                policy::below_legal(l, &below.field, &below.found, below.days, &below.law, &below.name),
                next::correct(l),
            ),
            CommandError::VersionTaken { version } => {
                (policy::version_taken(l, version), policy::name_another(l))
            }
            CommandError::ApproverIsRequester { user } => {
                (failures::approver_is_requester(l, user), next::another_approver(l))
            }
            CommandError::IllegalMove { number, illegal } => {
                (illegal_move(l, number, illegal), next::show_return(l, program, number))
            }
            CommandError::ManagerOnly { what, could } => (
                with_could(l, moves::manager_only(l, &moves::what(l, what.as_str())), could),
                next::approve(l),
            ),
            CommandError::NotEntitled { user, lacks, wanted, site, could } => {
                let why = match (lacks, site) {
                    (Lacks::NotListed, _) => master::not_listed(l),
                    (Lacks::Withdrawn, _) => master::is_withdrawn(l),
                    (Lacks::Role(role), _) => master::has_role(l, &master::role(l, role.as_str())),
                    (Lacks::Elsewhere, Some(site)) => master::works_elsewhere(l, site),
                    (Lacks::Elsewhere, None) => master::works_at_other_sites(l),
                };
                let refused = master::not_entitled(l, user, &why, &master::role(l, wanted.as_str()));
                let told = match could.is_empty() {
                    true => format!("{refused}\n{}", master::nobody_could(l)),
                    false => with_could(l, refused, could),
                };
                (told, master::name_another(l))
            }
            CommandError::StillOwed { number, due, currency } => (
                moves::still_owed(l, number, &currency.format(*due), currency),
                next::refund(l, program, number),
            ),
            CommandError::BeyondShare { asked, share, left, currency } => {
                let money = |amount| currency.format(amount);
                let text = moves::beyond_share(l, &money(*asked), &money(*share), &money(*left), currency);
                (text, moves::ask_share(l, program))
            }
            CommandError::TenderNeeded { difference, collect, currency } => {
                let amount = currency.format(*difference);
                let text = if *collect { moves::collect_needed } else { moves::pay_needed };
                (text(l, &amount, currency), moves::name_tender(l))
            }
            CommandError::Closed { number, state } => {
                let (state, next) = match number.get(..3) {
                    Some("DB-") => (names::transfer_state(l, state), next::show_transfer(l, program, number)),
                    Some("CT-") => {
                        (names::claim_state(l, state), next::show_supplier_return(l, program, number))
                    }
                    Some("YD-") => (names::hold_state(l, state), next::help(l, program, "hold list")),
                    Some("YL-") => (names::reservation_state(l, "ended"), next::reservations(l, program)),
                    _ => (names::state(l, state), next::show_return(l, program, number)),
                };
                (failures::closed(l, number, &state), next)
            }
            CommandError::NewerRules { number } => (failures::newer_rules(l, number), next::upgrade(l)),
            CommandError::NotHere { site } => (failures::not_here(l, site), next::ask_hq(l)),
            CommandError::HqOnly => (failures::hq_only(l), next::ask_hq(l)),
            CommandError::PeriodNotOver { period, until, proven } => (
                failures::period_not_over(l, period, &until.to_rfc3339(), &proven.to_rfc3339()),
                next::wait_for_end(l),
            ),
            CommandError::PeriodClosed { period, number } => {
                (failures::period_closed(l, period, number), next::show_period(l, program, period))
            }
            CommandError::PeriodOrder { period, next: turn } => {
                (failures::period_order(l, period, turn), next::close_period(l, program, turn))
            }
            CommandError::PeriodOpen { period } => {
                (failures::period_open(l, period), next::close_period(l, program, period))
            }
            CommandError::SiteNeeded => (failures::site_needed(l), next::name_site(l)),
            CommandError::UnknownShift { found } => {
                (money::unknown_shift(l, found), money::shifts_next(l, program))
            }
            CommandError::ShiftOpen { number } => {
                (money::shift_open(l, number), money::close_next(l, program, number))
            }
            CommandError::ShiftClosed { number } => {
                (money::shift_closed(l, number), money::show_shift_next(l, program, number))
            }
            CommandError::ShiftReversed { number } => {
                (money::shift_is_reversed(l, number), money::shifts_next(l, program))
            }
            CommandError::NoShift { site } => (money::no_shift(l, site), money::open_next(l, program)),
            CommandError::SeveralShifts { found } => {
                (money::several_shifts(l, &list(found)), money::name_shift_next(l))
            }
            CommandError::NothingToRedden { number } => {
                (money::nothing_to_redden(l, number), next::show_return(l, program, number))
            }
            CommandError::TaxUnknown { receipt, line } => {
                (money::tax_unknown(l, receipt, line), money::tax_next(l))
            }
            CommandError::PriceNeeded { sku } => (failures::price_needed(l, sku), next::name_price(l)),
        };
        Failure::new(Exit::Refused, message, next)
    }
}

/// A wrong value in words; the field and what is wanted are named in the language where it has names.
pub fn value(language: Language, field: &str, found: &str, wanted: &str) -> String {
    failures::value(language, &names::field(language, field), found, &names::wanted(language, wanted))
}

/// What was refused, with those whose word would be enough where HQ lists users.
fn with_could(language: Language, refused: String, could: &[UserName]) -> String {
    if could.is_empty() { refused } else { format!("{refused}\n{}", master::could(language, &list(could))) }
}

fn all(language: Language, grounds: &[Ground], currency: Currency) -> String {
    grounds.iter().map(|g| ground(language, g, currency)).collect::<Vec<_>>().join("; ")
}

fn ground(language: Language, ground: &Ground, currency: Currency) -> String {
    match ground {
        Ground::OutOfWindow { age_days, window_days } => {
            failures::out_of_window(language, *age_days, *window_days)
        }
        Ground::ValueAbove { limit } => failures::value_above(language, &currency.format(*limit), &currency),
        Ground::UnverifiedAbove { limit } => {
            failures::unverified_above(language, &currency.format(*limit), &currency)
        }
        Ground::NotReturnable => policy::not_returnable(language),
        Ground::ManagerAbove { limit } => {
            policy::manager_above(language, &currency.format(*limit), &currency)
        }
        Ground::HqAbove { limit } => policy::hq_above(language, &currency.format(*limit), &currency),
        Ground::UnverifiedAtBranch { limit, used } => {
            policy::unverified_branch(language, &currency.format(*used), &currency.format(*limit), &currency)
        }
        Ground::UnverifiedOnDay { limit, used } => {
            policy::unverified_day(language, &currency.format(*used), &currency.format(*limit), &currency)
        }
        Ground::Opened => policy::opened(language),
        Ground::GradeBelow { least } => policy::grade_below(language, least),
        Ground::TagsMissing => policy::tags_missing(language),
        Ground::ReceiptMissing => policy::receipt_missing(language),
        Ground::NoReceipt => moves::no_receipt(language),
        Ground::AboveLowestPrice { lowest } => moves::above_lowest(language, lowest),
    }
}

fn illegal_move(language: Language, number: &str, illegal: &Illegal) -> String {
    let states = |stages: &[Stage]| {
        stages.iter().map(|s| names::state(language, s.as_str())).collect::<Vec<_>>().join(", ")
    };
    moves::illegal(
        language,
        number,
        &moves::what(language, illegal.what.as_str()),
        &states(&illegal.found),
        &moves::in_version(language, &moves::rule(language, illegal.rule.as_str()), RULES),
        &states(illegal.wanted),
        &moves::who(language, illegal.who.as_str()),
    )
}

fn list<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

impl Explain for BackupError {
    fn explain(&self, l: Language, program: &str) -> Failure {
        let refused = |message, next| Failure::new(Exit::Refused, message, next);
        let shown = |path: &std::path::Path| path.display().to_string();
        match self {
            BackupError::Exists { path } => {
                refused(clones::exists(l, &shown(path)), clones::other_name_next(l))
            }
            BackupError::Unsound { path, first, more } => {
                refused(clones::unsound(l, &shown(path), first, *more), clones::unsound_next(l, program))
            }
            BackupError::Newer { path, changes, backup } => {
                refused(clones::newer(l, &shown(path), *changes, *backup), clones::newer_next(l))
            }
            BackupError::NoBackup { path } => {
                refused(clones::no_backup(l, &shown(path)), clones::no_backup_next(l, program))
            }
            BackupError::InUse { path } => refused(clones::in_use(l, &shown(path)), clones::in_use_next(l)),
            BackupError::File { path, source } => Failure::new(
                Exit::Other,
                clones::file_failed(l, &shown(path), source),
                clones::file_failed_next(l),
            ),
            BackupError::Open(error) => error.explain(l, program),
            BackupError::Store(error) => error.explain(l, program),
        }
    }
}
