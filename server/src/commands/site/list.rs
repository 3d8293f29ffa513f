//! The list of sites, read and written as CSV, and shown.

use guicang_cli::format::{Column, Table};
use guicang_cli::import::sheet::is_called;
use guicang_cli::texts::headings;
use guicang_cli::verbs::LosingItem;
use guicang_cli::{Failure, Language, Told};
use guicang_domain::ids::SiteId;
use guicang_domain::master::Site;
use guicang_replica::{Replica, SiteDraft};
use serde::Serialize;

use crate::commands::Session;
use crate::commands::product::losing;
use crate::commands::sheet::{Fault, code};
use guicang_cli::texts::hq as texts;

const CODE: &[&str] = &["code", "门店编码", "门店编号", "店号", "编码", "store number", "store code", "site"];
const NAME: &[&str] = &["name", "门店名称", "名称", "店名", "store name"];
/// Where several of these stand in a file, the address is all of them.
const ADDRESS: &[&str] =
    &["address", "地址", "省", "市", "区", "街道", "street", "city", "state", "zip code", "postcode"];
const RETURN_ADDRESS: &[&str] = &["return_address", "退货地址", "return address"];
const ZONE: &[&str] = &["zone", "时区", "time zone"];
const CURRENCY: &[&str] = &["currency", "币种"];

/// A site, as JSON. The keys are part of the program's interface.
#[derive(Debug, Serialize)]
struct SiteItem {
    site: String,
    name: String,
    zone: String,
    currency: String,
    address: Option<String>,
    return_address: Option<String>,
    losing: Vec<LosingItem>,
}

/// A file's columns by place and header, and the headers that mean nothing here.
pub(super) struct Columns {
    code: (usize, String),
    name: Option<(usize, String)>,
    address: Vec<usize>,
    return_address: Option<(usize, String)>,
    zone: Option<(usize, String)>,
    currency: Option<(usize, String)>,
    pub unread: Vec<String>,
}

impl Columns {
    /// What headers mean; or which are missing.
    pub fn of(headers: &[String]) -> Result<Self, Vec<&'static str>> {
        let find = |names: &[&str]| {
            headers.iter().position(|header| is_called(header, names)).map(|at| (at, headers[at].clone()))
        };
        let address = (0..headers.len()).filter(|at| is_called(&headers[*at], ADDRESS)).collect();
        let known: Vec<&str> = [CODE, NAME, ADDRESS, RETURN_ADDRESS, ZONE, CURRENCY].concat();
        let unread = headers.iter().filter(|header| !is_called(header, &known)).cloned().collect();
        Ok(Self {
            code: find(CODE).ok_or_else(|| vec!["code/门店编码"])?,
            name: find(NAME),
            address,
            return_address: find(RETURN_ADDRESS),
            zone: find(ZONE),
            currency: find(CURRENCY),
            unread,
        })
    }

    /// What a row says of its site.
    pub fn draft(&self, cells: &[String]) -> Result<SiteDraft, Fault> {
        let cell = |column: &Option<(usize, String)>| {
            let (place, header) = column.as_ref()?;
            Some((cells[*place].clone(), header.clone())).filter(|(text, _)| !text.is_empty())
        };
        let (place, header) = &self.code;
        let written = code(header, &cells[*place])?;
        let site = SiteId::new(&written).map_err(|e| Fault::of(header, &written, e.wanted))?;
        let parts: Vec<&str> =
            self.address.iter().map(|at| cells[*at].as_str()).filter(|part| !part.is_empty()).collect();
        let zone = match cell(&self.zone) {
            None => None,
            Some((text, header)) => Some(
                text.parse().map_err(|_| Fault::of(&header, &text, "a time zone such as Asia/Shanghai"))?,
            ),
        };
        let currency =
            match cell(&self.currency) {
                None => None,
                Some((text, header)) => Some(text.parse().map_err(|_| {
                    Fault::of(&header, &text, "three capital letters of ISO 4217, such as CNY")
                })?),
            };
        let name = cell(&self.name).map_or_else(|| site.to_string(), |(name, _)| name);
        let address = (!self.address.is_empty()).then(|| parts.join(", "));
        // An empty cell takes it away; a file without the column says nothing of it.
        let return_address = self.return_address.as_ref().map(|(place, _)| cells[*place].clone());
        let long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > 1_000);
        if name.len() > 1_000 || long(&address) || long(&return_address) {
            return Err(Fault::of(header, &written, "a name and an address of at most 1,000 bytes"));
        }
        Ok(SiteDraft { code: site, name, address, return_address, zone, currency })
    }
}

/// A list of sites as rows of cells, its headers first, in a language.
pub(super) fn table(sites: &[Site], l: Language) -> Vec<Vec<String>> {
    let header = |names: &[&str]| match l {
        Language::En => names[0].to_owned(),
        Language::Zh => names[1].to_owned(),
    };
    let headers = [CODE, NAME, ADDRESS, RETURN_ADDRESS, ZONE, CURRENCY].map(header).to_vec();
    let row = |site: &Site| {
        vec![
            site.code.to_string(),
            site.name.clone(),
            site.address.clone().unwrap_or_default(),
            site.return_address.clone().unwrap_or_default(),
            site.zone.to_string(),
            site.currency.to_string(),
        ]
    };
    std::iter::once(headers).chain(sites.iter().map(row)).collect()
}

pub(super) fn show(session: &Session<'_>, replica: &Replica, only: Option<&SiteId>) -> Result<(), Failure> {
    let globals = session.globals;
    let l = globals.language;
    let sites = replica.listed_sites().told(globals)?;
    let items: Vec<SiteItem> = sites
        .into_iter()
        .filter(|row| only.is_none_or(|code| row.is.code == *code))
        .map(|row| SiteItem {
            site: row.is.code.to_string(),
            name: row.is.name,
            zone: row.is.zone.to_string(),
            currency: row.is.currency.to_string(),
            address: row.is.address,
            return_address: row.is.return_address,
            losing: row.losing.iter().map(|lost| losing(&lost.field, &lost.values)).collect(),
        })
        .collect();
    globals.show("site", &items, |items| {
        let mut table = Table::new([
            Column::Left(headings::site(l)),
            Column::Left(texts::name(l)),
            Column::Left(texts::zone(l)),
            Column::Left(headings::currency(l)),
            Column::Left(texts::losing(l)),
        ]);
        for item in items {
            let SiteItem { site, name, zone, currency, losing, .. } = item;
            let losing: Vec<String> =
                losing.iter().map(|lost| format!("{}: {}", lost.field, lost.values.join(" | "))).collect();
            table.row([site.clone(), name.clone(), zone.clone(), currency.clone(), losing.join("; ")]);
        }
        table
    })
}
