//! Suppliers and the people who work here.

use std::fmt::Display;

names! {
    /// A role.
    role {
        "clerk": "店员", "clerk";
        "manager": "经理", "manager";
        "hq": "总部", "HQ";
    }
    /// Whether a user's role stands.
    standing {
        "active": "在职", "active";
        "withdrawn": "已停用", "withdrawn";
    }
}

texts! {
    /// Whose word would be enough.
    could(names: &str) { zh: "可以批准的人：{names}。", en: "These could agree: {names}." }
    /// Nobody could.
    nobody_could() {
        zh: "总部登记的员工里没有可以批准的人。",
        en: "Of the users that HQ lists nobody could agree.",
    }
    /// Somebody's word isn't enough.
    not_entitled(user: &str, why: &str, wanted: &str) {
        zh: "{user} 的批准无效：{why}，需要{wanted}。",
        en: "{user} can't agree to this: {why}; wanted: {wanted}.",
    }
    /// Why: nobody of that name.
    not_listed() { zh: "总部没有登记这个姓名", en: "HQ lists nobody of that name" }
    /// Why: the role was withdrawn.
    is_withdrawn() { zh: "其权限已被总部停用", en: "HQ has withdrawn their role" }
    /// Why: the role.
    has_role(role: &str) { zh: "其身份是{role}", en: "their role is {role}" }
    /// Why: other sites.
    works_elsewhere(site: &dyn Display) {
        zh: "其权限不在门店 {site}",
        en: "their role is for other sites than {site}",
    }
    /// Why: other sites, where none is known.
    works_at_other_sites() { zh: "其权限在别的门店", en: "their role is for other sites" }
    /// Next: somebody who could.
    name_another() {
        zh: "请其中一位确认后，用 --approved-by 写上姓名再执行一次；名单由总部用 guicang-server user 维护。",
        en: "Have one of them agree, then run it again with --approved-by NAME; HQ keeps the list with guicang-server user.",
    }
    /// A supplier that isn't listed.
    unknown_supplier(found: &str, known: &str) {
        zh: "注意：供应商 {found} 不在资料里，已照写记下。现有编码：{known}",
        en: "Note: no supplier {found} is listed; it was recorded as written. Known codes: {known}",
    }
    /// No such supplier.
    no_supplier(found: &str) { zh: "没有供应商 {found:?}。", en: "There is no supplier {found:?}." }
    /// Next: see suppliers.
    suppliers_next(program: &str) {
        zh: "{program} supplier list 查看供应商。",
        en: "{program} supplier list shows suppliers.",
    }
    /// No such user.
    no_user(found: &str) { zh: "没有员工 {found:?}。", en: "There is no user {found:?}." }
    /// Next: see users.
    users_next(program: &str) {
        zh: "{program} user list 查看员工。",
        en: "{program} user list shows users.",
    }
    /// Suppliers were read.
    suppliers_read(rows: usize, changed: usize) {
        zh: "读入 {rows} 家供应商，{changed} 家有变化。",
        en: "{rows} suppliers read, {changed} differed.",
    }
    /// A list of suppliers was looked at.
    suppliers_dry(rows: usize) {
        zh: "试运行：{rows} 家供应商都读得懂，什么都没有写入。",
        en: "A dry run: {rows} suppliers can be read; nothing was written.",
    }
    /// Users were read.
    users_read(rows: usize, changed: usize) {
        zh: "读入 {rows} 名员工，{changed} 名有变化。",
        en: "{rows} users read, {changed} differed.",
    }
    /// A list of users was looked at.
    users_dry(rows: usize) {
        zh: "试运行：{rows} 名员工都读得懂，什么都没有写入。",
        en: "A dry run: {rows} users can be read; nothing was written.",
    }
    /// A supplier was added or changed.
    supplier_put(code: &dyn Display) { zh: "供应商 {code} 已保存。", en: "Supplier {code} saved." }
    /// A user was added or changed.
    user_put(name: &dyn Display) { zh: "员工 {name} 已保存。", en: "User {name} saved." }
    /// Already listed.
    listed_already(what: &dyn Display) {
        zh: "{what} 已在资料里；用 set 修改。",
        en: "{what} is listed already; set changes what is said of it.",
    }
    /// The settings were changed.
    settings_put() { zh: "设置已保存。", en: "Settings saved." }
    /// Next: what else there is to set.
    settings_next() {
        zh: "退货政策用 guicang-server policy set，工作日用 guicang-server calendar set。",
        en: "guicang-server policy set sets the return policy, calendar set the working days.",
    }
    /// Heading: days in transit.
    transit_days() { zh: "在途超期（天）", en: "late in transit after (days)" }
    /// Heading: a code.
    code() { zh: "编码", en: "code" }
    /// Heading: a name.
    name() { zh: "名称", en: "name" }
    /// Heading: whom to ask.
    contact() { zh: "联系人", en: "contact" }
    /// Heading: where goods go back to.
    return_address() { zh: "退货地址", en: "return address" }
    /// Heading: days for a claim.
    claim_days() { zh: "索赔期限（天）", en: "days for a claim" }
    /// Heading: a note.
    note() { zh: "备注", en: "note" }
    /// Heading: the name at the counter.
    user() { zh: "登录名", en: "user" }
    /// Heading: the name in full.
    display() { zh: "姓名", en: "name" }
    /// Heading: a role.
    role_heading() { zh: "角色", en: "role" }
    /// Fields edited twice while apart.
    losing() { zh: "并发修改", en: "edited twice" }
    /// A value that isn't shown.
    lost(field: &str, values: &str) {
        zh: "{field} 同时被改成过：{values}（现在显示的是另一个值；再改一次即可定下来）",
        en: "{field} was also set to: {values} (another value is shown; set it once more to settle it)",
    }
}
