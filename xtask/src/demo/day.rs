//! The day at three branches without a line: who brings what back, and what the shop does with it.
//!
//! What surprises: what each deed must come to (stock by account, money) is written here by hand beside
//! the command's arguments, and not taken from what the programs print. All receipts are real ones of the
//! excerpt; the day lies shortly after them.

/// The three branches, in the order in which they are enrolled. A site's code is the country in the file.
pub const BRANCHES: [Branch; 3] = [
    Branch { site: "United Kingdom", zh: "英国店", en: "United Kingdom", file: "united-kingdom.guicang" },
    Branch { site: "Germany", zh: "德国店", en: "Germany", file: "germany.guicang" },
    Branch { site: "France", zh: "法国店", en: "France", file: "france.guicang" },
];

/// The day; returns of quality are taken for 30 days after the sale, a change of mind for 7.
pub const DAY: &str = "2011-12-07";

/// The line of a receipt that three branches take goods back of, though only two were sold: (receipt,
/// SKU, sold, pence for one).
pub const CONTESTED: (&str, &str, i64, i64) = ("France/575049", "22941", 2, 850);

/// A branch.
pub struct Branch {
    /// Its site.
    pub site: &'static str,
    /// Its name in Chinese.
    pub zh: &'static str,
    /// Its name in English.
    pub en: &'static str,
    /// Its file.
    pub file: &'static str,
}

/// Something that a branch does that day.
pub struct Deed {
    /// Where.
    pub site: &'static str,
    /// At what time of the day.
    pub time: &'static str,
    /// What.
    pub what: What,
    /// The story in Chinese.
    pub zh: &'static str,
    /// The story in English.
    pub en: &'static str,
}

/// Kinds of deeds.
pub enum What {
    /// Goods come back.
    Return(Taken),
    /// Stock is put right.
    Adjust {
        /// The article.
        sku: &'static str,
        /// How many more; fewer when below zero.
        units: i64,
        /// Why.
        reason: &'static str,
    },
}

/// Goods that come back, with what that must come to.
pub struct Taken {
    /// The receipt, with its site where another branch sold it.
    pub receipt: &'static str,
    /// The article.
    pub sku: &'static str,
    /// How many.
    pub units: i64,
    /// What was paid for one, in pence.
    pub pence: i64,
    /// Why.
    pub reason: &'static str,
    /// How they look: grade, how many, the account that they must end in.
    pub graded: &'static [(&'static str, i64, &'static str)],
    /// How the money goes back.
    pub tender: &'static str,
    /// The manager, where the policy must ask for one.
    pub manager: Option<&'static str>,
    /// Request, receipt, inspection and refund each as a command of its own.
    pub step_by_step: bool,
}

impl Taken {
    /// Whether the branch that takes the goods has no copy of the sale.
    pub fn sold_elsewhere(&self) -> bool {
        self.receipt.contains('/')
    }

    /// Whether the refund is paid at the counter.
    pub fn cash(&self) -> bool {
        self.tender == "cash"
    }

    /// What is owed, in pence, when the sale covers all of it.
    pub fn owed(&self) -> i64 {
        self.units * self.pence
    }

    /// The grades as an argument.
    pub fn grades(&self) -> String {
        self.graded.iter().map(|(grade, n, _)| format!("{grade}={n}")).collect::<Vec<_>>().join(",")
    }
}

/// The day's deeds in order of time. The last to take contested goods back is the United Kingdom.
pub fn deeds() -> Vec<Deed> {
    let usual = Taken {
        receipt: "",
        sku: "",
        units: 1,
        pence: 0,
        reason: "",
        graded: &[],
        tender: "cash",
        manager: None,
        step_by_step: false,
    };
    let (contested, lights, _, lights_pence) = CONTESTED;
    vec![
        Deed {
            site: "United Kingdom",
            time: "09:20",
            what: What::Return(Taken {
                receipt: "580530",
                sku: "22773",
                units: 5,
                pence: 125,
                reason: "changed_mind",
                graded: &[("A", 5, "sellable")],
                tender: "card",
                ..usual
            }),
            zh: "顾客三天前买了抽屉把手，退 5 个没拆封的，不想要了；在 7 天内，系统自行同意，退回银行卡（排队等总部付）。",
            en: "Five unopened drawer knobs, bought three days ago, are not wanted after all. Within 7 days: \
                 approved by itself. The card refund waits for HQ.",
        },
        Deed {
            site: "Germany",
            time: "09:45",
            what: What::Return(Taken {
                receipt: "578626",
                sku: "22423",
                units: 3,
                pence: 1095,
                reason: "damaged",
                graded: &[("C", 1, "defective"), ("D", 1, "repair"), ("E", 1, "scrap")],
                ..usual
            }),
            zh: "三个破损的三层蛋糕架：一个降价卖，一个送修，一个报废；付现金。",
            en: "Three damaged cake stands: one to sell cheaper, one to repair, one is scrap. Paid in cash.",
        },
        Deed {
            site: "France",
            time: "10:05",
            what: What::Return(Taken {
                receipt: "579193",
                sku: "22357",
                units: 2,
                pence: 425,
                reason: "missing_part",
                graded: &[("A", 1, "sellable"), ("D", 1, "repair")],
                tender: "alipay",
                step_by_step: true,
                ..usual
            }),
            zh: "两个饼干罐缺件，分步办：先登记，货到再收，质检后一个上架、一个送修，退款走支付宝。",
            en: "Two biscuit tins with a part missing, step by step: requested, received, inspected (one back on the \
                 shelf, one to repair), refunded by Alipay.",
        },
        Deed {
            site: "United Kingdom",
            time: "10:30",
            what: What::Return(Taken {
                receipt: "579027",
                sku: "22775",
                units: 10,
                pence: 125,
                reason: "changed_mind",
                graded: &[("B", 8, "sellable"), ("E", 2, "scrap")],
                manager: Some("margaret"),
                ..usual
            }),
            zh: "九天前买的把手，不想要了：超过 7 天，要店长同意。店长 margaret 批准，付现金。",
            en: "Drawer knobs bought nine days ago are not wanted: over the 7 days, so a manager has to agree. \
                 Margaret does; cash.",
        },
        Deed {
            site: "France",
            time: "11:10",
            what: What::Return(Taken {
                receipt: "575049",
                sku: lights,
                pence: lights_pence,
                reason: "defective",
                graded: &[("D", 1, "repair")],
                tender: "card",
                ..usual
            }),
            zh: "一串驯鹿灯不亮。法国店卖出过两串，这是退回的第一串；退回银行卡。",
            en: "A string of reindeer lights doesn't light. France sold two; this is the first to come back. Card.",
        },
        Deed {
            site: "Germany",
            time: "11:40",
            what: What::Return(Taken {
                receipt: contested,
                sku: lights,
                pence: lights_pence,
                reason: "defective",
                graded: &[("D", 1, "repair")],
                ..usual
            }),
            zh: "有人拿着法国店的小票来退驯鹿灯。本店没有这张小票，又断着网：先按小票价格暂记，付现金。",
            en: "Someone brings reindeer lights on France's receipt. It isn't held here and the line is down: \
                 provisional, at the price on the paper. Cash.",
        },
        Deed {
            site: "United Kingdom",
            time: "12:15",
            what: What::Return(Taken {
                receipt: contested,
                sku: lights,
                pence: lights_pence,
                reason: "defective",
                graded: &[("D", 1, "repair")],
                ..usual
            }),
            zh: "同一张小票的驯鹿灯又来一串。卖出两串，退回三串，但没有一家店能知道；付现金。",
            en: "And another string on the same receipt. Two were sold, three came back; no branch can know. Cash.",
        },
        Deed {
            site: "France",
            time: "14:30",
            what: What::Return(Taken {
                receipt: "578348",
                sku: "23565",
                units: 6,
                pence: 125,
                reason: "style",
                graded: &[("A", 6, "sellable")],
                tender: "wechat",
                manager: Some("claire"),
                ..usual
            }),
            zh: "六个蛋杯，款式不喜欢，已过 13 天：店长 claire 批准，退款走微信。",
            en: "Six egg cups, the style isn't liked, 13 days on: Claire, the manager, agrees. Refund by WeChat.",
        },
        Deed {
            site: "Germany",
            time: "15:00",
            what: What::Adjust { sku: "23298", units: -1, reason: "damaged" },
            zh: "理货时发现一面彩旗破了，报损。",
            en: "A bunting is found torn on the shelf and written off.",
        },
        Deed {
            site: "France",
            time: "16:20",
            what: What::Adjust { sku: "21557", units: 2, reason: "other" },
            zh: "仓库角落里找到两套杯子，报溢。",
            en: "Two sets of beakers turn up in a corner of the stockroom.",
        },
        Deed {
            site: "United Kingdom",
            time: "17:40",
            what: What::Adjust { sku: "22805", units: -3, reason: "damaged" },
            zh: "三个蓝色把手碰坏了，报损。",
            en: "Three blue drawer knobs are broken and written off.",
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written by hand must agree with itself: every unit that comes back is graded once.
    #[test]
    fn every_unit_that_comes_back_has_a_grade() {
        for deed in deeds() {
            if let What::Return(taken) = deed.what {
                let graded: i64 = taken.graded.iter().map(|(_, n, _)| n).sum();
                assert_eq!(graded, taken.units, "{} {}", deed.site, deed.time);
            }
        }
    }

    #[test]
    fn one_more_comes_back_than_was_sold() {
        let taken = |deed: &Deed| match &deed.what {
            What::Return(taken) if taken.sku == CONTESTED.1 => taken.units,
            _ => 0,
        };
        let back: i64 = deeds().iter().map(taken).sum();
        assert_eq!(back, CONTESTED.2 + 1);
    }
}
