//! The columns of a list of articles, read and written: the same names in both directions, so that what was
//! exported can be edited and imported again.
//!
//! What surprises: a column that a file lacks leaves what is known of every article; an empty cell takes away
//! what is known of that one.

use std::fmt::Display;
use std::str::FromStr;

use guicang_cli::Language;
use guicang_cli::import::lenient;
use guicang_cli::import::sheet::is_called;
use guicang_domain::ids::{SiteId, Sku};
use guicang_domain::master::Product;
use guicang_domain::money::UnitPrice;
use guicang_domain::quantity::Quantity;
use guicang_replica::{ProductDraft, ProductField};

use crate::commands::sheet::{Fault, code};

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Sku,
    Name,
    Spec,
    Unit,
    Barcodes,
    Category,
    Supplier,
    ListPrice,
    Cost,
    TaxRate,
    TaxCode,
    Service,
    Tolerance,
    Attribute(String),
    PackUnit(String),
    Min(SiteId),
    Max(SiteId),
}

/// The plain columns with their headers: the English one, the Chinese one, others that programs use.
const PLAIN: &[(Column, &[&str])] = &[
    (
        Column::Sku,
        &["sku", "商品编码", "货号", "商品编号", "商品代码", "item code", "item number", "product code"],
    ),
    (
        Column::Name,
        &["name", "商品名称", "品名", "名称", "item name", "product name", "description", "item description"],
    ),
    (Column::Spec, &["spec", "规格", "规格型号", "specification"]),
    (Column::Unit, &["unit", "单位", "基本单位", "计量单位", "base unit"]),
    (
        Column::Barcodes,
        &["barcodes", "条码", "商品条码", "条形码", "国际条码", "barcode", "ean", "upc", "gtin"],
    ),
    (Column::Category, &["category", "类别", "分类", "商品分类", "品类", "category name"]),
    (Column::Supplier, &["supplier", "供应商", "供货商", "vendor", "vendor name"]),
    (
        Column::ListPrice,
        &["list_price", "零售价", "售价", "标价", "吊牌价", "price", "retail price", "state bottle retail"],
    ),
    (Column::Cost, &["cost", "成本", "成本价", "进价", "进货价", "cost price", "state bottle cost"]),
    (Column::TaxRate, &["tax_rate", "税率", "vat rate"]),
    (Column::TaxCode, &["tax_code", "税收分类编码", "税收编码"]),
    (Column::Service, &["service", "服务", "是否服务"]),
    (Column::Tolerance, &["tolerance", "称重误差", "允许误差"]),
];

/// Headers that are attributes by themselves.
const ATTRIBUTES: &[&str] = &[
    "颜色", "尺码", "尺寸", "色号", "款式", "材质", "品牌", "colour", "color", "size", "style", "material",
    "brand",
];

/// A kind of column of which a file may have many: how its header begins.
const PREFIXES: [(&str, &str); 4] =
    [("attribute", "属性"), ("unit", "单位"), ("min", "下限"), ("max", "上限")];

/// A file's columns, each with its place and header; and the headers that mean nothing here.
pub(super) struct Columns {
    pub known: Vec<(usize, String, Column)>,
    pub unread: Vec<String>,
}

impl Columns {
    /// What headers mean; or which are missing.
    pub fn of(headers: &[String]) -> Result<Self, Vec<&'static str>> {
        let mut columns = Self { known: Vec::new(), unread: Vec::new() };
        for (place, header) in headers.iter().enumerate() {
            match Column::of(header) {
                Some(column) if !columns.known.iter().any(|(_, _, known)| *known == column) => {
                    columns.known.push((place, header.clone(), column));
                }
                _ => columns.unread.push(header.clone()),
            }
        }
        let has = columns.known.iter().any(|(_, _, column)| *column == Column::Sku);
        if has { Ok(columns) } else { Err(vec!["sku/商品编码"]) }
    }

    /// What a row says of its article.
    pub fn draft(&self, cells: &[String]) -> Result<ProductDraft, Fault> {
        let (mut sku, mut fields) = (None, Vec::new());
        for (place, header, column) in &self.known {
            let text = lenient::half_width(&cells[*place]).trim().to_owned();
            match column {
                Column::Sku => {
                    let written = code(header, &cells[*place])?;
                    sku = Some(Sku::of(&written).map_err(|e| Fault::of(header, &written, e.wanted))?);
                }
                // The words stay as they are written.
                Column::Name | Column::Spec | Column::Category | Column::Supplier => {
                    fields.extend(column.field(header, cells[*place].trim())?);
                }
                column => fields.extend(column.field(header, &text)?),
            }
        }
        Ok(ProductDraft { sku: sku.expect("there is such a column"), fields })
    }
}

impl Column {
    fn of(header: &str) -> Option<Self> {
        if let Some((kind, name)) = header.split_once([':', '：']) {
            let name = name.trim();
            let kind = PREFIXES.iter().position(|(en, zh)| is_called(kind, &[en, zh]))?;
            return match kind {
                _ if name.is_empty() || name.len() > 40 => None,
                0 => Some(Column::Attribute(name.into())),
                1 => Some(Column::PackUnit(name.into())),
                2 => name.parse().ok().map(Column::Min),
                _ => name.parse().ok().map(Column::Max),
            };
        }
        if let Some((column, _)) = PLAIN.iter().find(|(_, names)| is_called(header, names)) {
            return Some(column.clone());
        }
        ATTRIBUTES
            .iter()
            .find(|name| is_called(header, &[name]))
            .map(|name| Column::Attribute((*name).into()))
    }

    /// What a cell says; nothing where an empty one leaves things as they are.
    fn field(&self, header: &str, text: &str) -> Result<Option<ProductField>, Fault> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        if text.len() > 1_000 {
            return Err(Fault::of(header, text, "at most 1,000 bytes"));
        }
        Ok(Some(match self {
            Column::Sku => return Ok(None),
            Column::Name if text.is_empty() => return Err(Fault::of(header, text, "a name")),
            Column::Name => ProductField::Name(text.into()),
            Column::Spec => ProductField::Spec(some(text)),
            Column::Unit if text.is_empty() => return Ok(None),
            Column::Unit => ProductField::Unit(text.into()),
            Column::Barcodes => {
                let codes = text.split([' ', ';', ',', '、', '|']).filter(|barcode| !barcode.is_empty());
                ProductField::Barcodes(codes.map(|text| code(header, text)).collect::<Result<_, _>>()?)
            }
            Column::Category => ProductField::Category(some(text)),
            Column::Supplier => ProductField::Supplier(some(text)),
            Column::ListPrice => ProductField::ListPrice(not_negative::<UnitPrice>(header, text)?),
            Column::Cost => ProductField::Cost(not_negative::<UnitPrice>(header, text)?),
            Column::TaxRate if text.is_empty() => ProductField::TaxRate(None),
            Column::TaxRate => {
                let rate = lenient::tax_rate(&lenient::number(text));
                ProductField::TaxRate(Some(
                    rate.ok_or_else(|| Fault::of(header, text, "a rate such as 13%"))?,
                ))
            }
            Column::TaxCode => ProductField::TaxCode(some(&code(header, text)?)),
            Column::Service => match text {
                "" => return Ok(None),
                "0" | "no" | "false" | "否" => ProductField::Service(false),
                "1" | "yes" | "true" | "是" => ProductField::Service(true),
                _ => return Err(Fault::of(header, text, "yes or no")),
            },
            Column::Tolerance => ProductField::Tolerance(not_negative::<Quantity>(header, text)?),
            Column::Attribute(name) => ProductField::Attribute(name.clone(), some(text)),
            Column::PackUnit(name) => {
                let quantity = not_negative::<Quantity>(header, text)?;
                if quantity == Some(Quantity::ZERO) {
                    return Err(Fault::of(header, text, "a number above zero with at most 3 decimals"));
                }
                ProductField::PackUnit(name.clone(), quantity)
            }
            Column::Min(site) => ProductField::Min(site.clone(), not_negative::<Quantity>(header, text)?),
            Column::Max(site) => ProductField::Max(site.clone(), not_negative::<Quantity>(header, text)?),
        }))
    }

    /// The column's header in a language.
    fn header(&self, l: Language) -> String {
        let pick = |(en, zh): (&str, &str)| match l {
            Language::En => en.to_owned(),
            Language::Zh => zh.to_owned(),
        };
        match self {
            Column::Attribute(name) => format!("{}:{name}", pick(PREFIXES[0])),
            Column::PackUnit(name) => format!("{}:{name}", pick(PREFIXES[1])),
            Column::Min(site) => format!("{}:{site}", pick(PREFIXES[2])),
            Column::Max(site) => format!("{}:{site}", pick(PREFIXES[3])),
            plain => {
                let (_, names) = PLAIN.iter().find(|(column, _)| column == plain).expect("a plain column");
                pick((names[0], names[1]))
            }
        }
    }

    fn cell(&self, product: &Product, l: Language) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        fn shown(value: Option<impl Display>) -> String {
            value.map(|value| value.to_string()).unwrap_or_default()
        }
        match self {
            Column::Sku => product.sku.to_string(),
            Column::Name => product.name.clone(),
            Column::Spec => text(&product.spec),
            Column::Unit => product.unit.clone(),
            Column::Barcodes => product.barcodes.join(" "),
            Column::Category => text(&product.category),
            Column::Supplier => text(&product.supplier),
            Column::ListPrice => shown(product.list_price),
            Column::Cost => shown(product.cost),
            Column::TaxRate => product.tax_rate.map(percent).unwrap_or_default(),
            Column::TaxCode => text(&product.tax_code),
            Column::Service => match (product.service, l) {
                (true, Language::Zh) => "是".into(),
                (false, Language::Zh) => "否".into(),
                (true, Language::En) => "yes".into(),
                (false, Language::En) => "no".into(),
            },
            Column::Tolerance => shown(product.tolerance),
            Column::Attribute(name) => product.attributes.get(name).cloned().unwrap_or_default(),
            Column::PackUnit(name) => shown(product.units.get(name)),
            Column::Min(site) => shown(product.levels.get(site).and_then(|level| level.min)),
            Column::Max(site) => shown(product.levels.get(site).and_then(|level| level.max)),
        }
    }
}

/// A tax rate as people write it: `13%`.
pub(super) fn percent(basis_points: u32) -> String {
    format!("{}%", UnitPrice(i64::from(basis_points) * 100))
}

/// A list of articles as rows of cells, its headers first, in a language.
pub(super) fn table<'a>(
    products: impl Iterator<Item = &'a Product> + Clone,
    l: Language,
) -> Vec<Vec<String>> {
    let mut columns: Vec<Column> = PLAIN.iter().map(|(column, _)| column.clone()).collect();
    let mut more = std::collections::BTreeSet::new();
    for product in products.clone() {
        more.extend(product.attributes.keys().cloned().map(Column::Attribute));
        more.extend(product.units.keys().cloned().map(Column::PackUnit));
        for (site, level) in &product.levels {
            more.extend(level.min.map(|_| Column::Min(site.clone())));
            more.extend(level.max.map(|_| Column::Max(site.clone())));
        }
    }
    columns.extend(more);
    let headers = columns.iter().map(|column| column.header(l)).collect();
    let row = |product: &Product| columns.iter().map(|column| column.cell(product, l)).collect();
    std::iter::once(headers).chain(products.map(row)).collect()
}

/// A price or quantity of zero or more; nothing where the cell is empty.
fn not_negative<T>(header: &str, text: &str) -> Result<Option<T>, Fault>
where
    T: FromStr + Default + PartialOrd,
{
    if text.is_empty() {
        return Ok(None);
    }
    let wrong =
        || Fault::of(header, text, "a number of zero or more with at most 4 decimals (quantities: 3)");
    let value: T = lenient::number(text).parse().map_err(|_| wrong())?;
    if value < T::default() { Err(wrong()) } else { Ok(Some(value)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn headers_are_known_in_both_languages() {
        let columns = Columns::of(&headers("货号,品名,颜色,单位:箱,下限：S01,max:S01,备注,UPC")).unwrap();
        let known: Vec<Column> = columns.known.into_iter().map(|(_, _, column)| column).collect();
        let s01: SiteId = "S01".parse().unwrap();
        assert_eq!(
            known,
            [
                Column::Sku,
                Column::Name,
                Column::Attribute("颜色".into()),
                Column::PackUnit("箱".into()),
                Column::Min(s01.clone()),
                Column::Max(s01),
                Column::Barcodes,
            ]
        );
        assert_eq!(columns.unread, ["备注"]);
        assert_eq!(Columns::of(&headers("name,unit")).err(), Some(vec!["sku/商品编码"]));
    }

    /// A cell that is wrong is named by its column; one that is empty takes away, but for what must be there.
    #[test]
    fn cells_are_read_or_named() {
        let columns = Columns::of(&headers("sku,name,barcodes,cost,tax_rate,unit:case,service")).unwrap();
        let draft = |row: &str| columns.draft(&headers(row)).map_err(|fault| fault.header);
        let fields = draft("00123,茶,690123 690124,￥1.50,13%,12,").unwrap().fields;
        assert_eq!(
            fields,
            [
                ProductField::Name("茶".into()),
                ProductField::Barcodes(vec!["690123".into(), "690124".into()]),
                ProductField::Cost(Some(UnitPrice(15_000))),
                ProductField::TaxRate(Some(1300)),
                ProductField::PackUnit("case".into(), Some(Quantity::units(12))),
            ]
        );
        assert_eq!(draft("1,a,,,,,").unwrap().fields[2], ProductField::Cost(None));
        for (row, header) in [
            (",a,,,,,", "sku"),
            ("6.9E+12,a,,,,,", "sku"),
            ("1,,,,,,", "name"),
            ("1,a,6.9E+12,,,,", "barcodes"),
            ("1,a,,-1,,,", "cost"),
            ("1,a,,,x,,", "tax_rate"),
            ("1,a,,,,0,", "unit:case"),
            ("1,a,,,,,maybe", "service"),
        ] {
            assert_eq!(draft(row).err().as_deref(), Some(header), "{row}");
        }
    }
}
