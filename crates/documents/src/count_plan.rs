//! `count_plan`: what is to be counted how often; master data.

use guicang_domain::count::plan::CountPlan;
use guicang_domain::document::Head;

use crate::count::{read_scope, write_scope};
use crate::value::{FieldError, Fields, Out};

/// Writes the kind's own fields. The site it is for is `for`: `site` is the document's own, and master
/// data belongs to none.
pub(crate) fn write(document: &CountPlan, out: &mut Out) {
    out.text("name", &document.name).opt_show("for", document.site.as_ref());
    write_scope(&document.scope, out);
    out.flag("blind", document.blind)
        .int("every_days", document.every_days.into())
        .show("from", document.from);
}

/// Reads the kind's own fields.
pub(crate) fn read(head: Head, fields: &Fields<'_>) -> Result<CountPlan, FieldError> {
    Ok(CountPlan {
        head,
        name: fields.text("name")?.into(),
        site: fields.opt_parse("for")?,
        scope: read_scope(fields)?,
        blind: fields.flag("blind")?,
        every_days: fields.narrow("every_days")?,
        from: fields.parse("from")?,
    })
}
