//! `product`: an article, master data.

use guicang_domain::document::Head;
use guicang_domain::master::Product;

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
        .opt_int("tolerance", document.tolerance.map(|t| t.0));
}

/// Reads the kind's own fields.
pub(crate) fn read(head: Head, fields: &Fields<'_>) -> Result<Product, FieldError> {
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
    })
}
