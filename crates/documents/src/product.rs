//! `product`: an article, master data.

use std::collections::BTreeMap;

use guicang_domain::document::Head;
use guicang_domain::master::{Level, Product};

use crate::value::{FieldError, Fields, Out};

/// Writes the kind's own fields.
pub(crate) fn write(document: &Product, out: &mut Out) {
    out.text("sku", document.sku.as_str())
        .text("name", &document.name)
        .opt_show("spec", document.spec.as_ref())
        .text("unit", &document.unit)
        .opt_texts("barcodes", &document.barcodes)
        .opt_show("category", document.category.as_ref())
        .opt_show("supplier", document.supplier.as_ref())
        .opt_int("list_price", document.list_price.map(|p| p.0))
        .opt_int("cost", document.cost.map(|c| c.0))
        .opt_int("tax_rate", document.tax_rate)
        .opt_show("tax_code", document.tax_code.as_ref())
        .flag("service", document.service)
        .opt_int("tolerance", document.tolerance.map(|t| t.0))
        .opt_map("attributes", |out| {
            document.attributes.iter().for_each(|(name, value)| _ = out.text(name, value));
        })
        .opt_map("units", |out| {
            document.units.iter().for_each(|(name, quantity)| _ = out.int(name, quantity.0));
        })
        .opt_map("levels", |out| {
            for (site, level) in &document.levels {
                out.map(site.as_str(), |out| {
                    out.opt_int("min", level.min.map(|q| q.0)).opt_int("max", level.max.map(|q| q.0));
                });
            }
        });
}

/// Reads the kind's own fields.
pub(crate) fn read(
    head: Head,
    fields: &Fields<'_>,
    problem: impl FnMut(FieldError),
) -> Result<Product, FieldError> {
    Ok(Product {
        head,
        sku: fields.parse("sku")?,
        name: fields.text("name")?.into(),
        spec: fields.opt_text("spec")?.map(Into::into),
        unit: fields.text("unit")?.into(),
        barcodes: fields.texts("barcodes")?,
        category: fields.opt_text("category")?.map(Into::into),
        supplier: fields.opt_text("supplier")?.map(Into::into),
        list_price: fields.opt_price("list_price")?,
        cost: fields.opt_price("cost")?,
        tax_rate: fields.opt_narrow("tax_rate")?,
        tax_code: fields.opt_text("tax_code")?.map(Into::into),
        service: fields.flag("service")?,
        tolerance: fields.opt_goods("tolerance")?,
        attributes: named(fields, "attributes", |map, name| map.text(name).map(Into::into))?,
        units: named(fields, "units", |map, name| map.quantity(name))?,
        levels: fields.each("levels", read_level, problem)?,
    })
}

fn read_level(fields: &Fields<'_>) -> Result<Level, FieldError> {
    Ok(Level { min: fields.opt_goods("min")?, max: fields.opt_goods("max")? })
}

/// What `read` makes of each field of a map, by name; empty when there is no map.
fn named<T>(
    fields: &Fields<'_>,
    field: &str,
    read: impl Fn(&Fields<'_>, &str) -> Result<T, FieldError>,
) -> Result<BTreeMap<String, T>, FieldError> {
    let Some(map) = fields.opt_map(field)? else { return Ok(BTreeMap::new()) };
    let item = |name: &String| Ok((name.clone(), read(&map, name).map_err(|e| e.under(field))?));
    map.map().keys().map(item).collect()
}
