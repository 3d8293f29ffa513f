//! What the chain sells: articles with categories, suppliers, prices, Chinese and English names.
//!
//! What surprises: a family of articles is one model in its sizes, next to each other in the list, so
//! that a wrong size chart concerns a run of them.

use anyhow::Result;
use guicang_domain::ids::Sku;
use guicang_domain::money::{Amount, UnitPrice};
use guicang_replica::{ProductDraft, ProductField, Replica};

use crate::random::Random;

/// The articles.
#[derive(Debug)]
pub struct Catalogue {
    /// By index.
    pub articles: Vec<Article>,
}

/// An article.
#[derive(Debug)]
pub struct Article {
    /// Its SKU.
    pub sku: Sku,
    /// What one costs the customer, in minor units.
    pub price: Amount,
    /// What one costs the chain, in minor units.
    pub cost: Amount,
    /// Who delivers it.
    pub supplier: String,
    /// The model, of which it is a size; articles of one model have the same.
    pub family: usize,
    /// In ten thousand: how many units sold come back.
    pub returns: u64,
    /// Whether it has a size that may not fit.
    pub sized: bool,
}

struct Category {
    zh: &'static str,
    letters: &'static str,
    goods: [(&'static str, &'static str); 3],
    price: (i64, i64),
    returns: u64,
}

const CATEGORIES: [Category; 5] = [
    Category {
        zh: "服装",
        letters: "CL",
        goods: [
            ("纯棉T恤", "Cotton T-shirt"),
            ("直筒牛仔裤", "Straight jeans"),
            ("针织开衫", "Knit cardigan"),
        ],
        price: (5900, 29900),
        returns: 900,
    },
    Category {
        zh: "家居",
        letters: "HM",
        goods: [("陶瓷茶杯", "Ceramic tea cup"), ("收纳箱", "Storage box"), ("亚麻桌布", "Linen tablecloth")],
        price: (1900, 12900),
        returns: 350,
    },
    Category {
        zh: "小家电",
        letters: "EL",
        goods: [("电热水壶", "Electric kettle"), ("台灯", "Desk lamp"), ("吹风机", "Hair dryer")],
        price: (7900, 39900),
        returns: 600,
    },
    Category {
        zh: "食品",
        letters: "FD",
        goods: [("龙井茶", "Longjing tea"), ("坚果礼盒", "Nut gift box"), ("蜂蜜", "Honey")],
        price: (1500, 16800),
        returns: 80,
    },
    Category {
        zh: "文具",
        letters: "ST",
        goods: [("笔记本", "Notebook"), ("中性笔", "Gel pen"), ("文件夹", "Folder")],
        price: (300, 3900),
        returns: 120,
    },
];

const SIZES: [&str; 4] = ["S", "M", "L", "XL"];
const SUPPLIERS: [&str; 8] =
    ["华晨纺织", "景德瓷业", "南海电器", "西湖茶庄", "东方文教", "永康五金", "义乌小商品", "江南针织"];

impl Catalogue {
    /// Articles for so many branches: 20 to 2000.
    pub fn of(branches: usize, random: &mut Random) -> Self {
        let wanted = (branches * 10).clamp(20, 2000);
        let mut articles = Vec::with_capacity(wanted);
        for family in 0.. {
            let category = &CATEGORIES[family % CATEGORIES.len()];
            let sized = family % CATEGORIES.len() == 0;
            let price = Amount(random.between(category.price.0, category.price.1) / 100 * 100);
            let supplier = SUPPLIERS[random.below(SUPPLIERS.len() as u64) as usize];
            for (size, _) in SIZES.iter().enumerate().take(if sized { SIZES.len() } else { 1 }) {
                let text = match sized {
                    true => format!("{}{family:04}-{}", category.letters, SIZES[size]),
                    false => format!("{}{family:04}", category.letters),
                };
                articles.push(Article {
                    sku: Sku::new(&text).expect("a SKU of ours"),
                    price,
                    cost: Amount(price.0 * 55 / 100),
                    supplier: supplier.into(),
                    family,
                    returns: category.returns,
                    sized,
                });
                if articles.len() == wanted {
                    return Self { articles };
                }
            }
        }
        Self { articles }
    }

    /// Lists them at HQ.
    ///
    /// # Errors
    /// What HQ's file says.
    pub fn list(&self, hq: &mut Replica) -> Result<()> {
        let drafts = self.articles.iter().map(|article| {
            let category = &CATEGORIES[article.family % CATEGORIES.len()];
            let (zh, en) = category.goods[article.family / CATEGORIES.len() % 3];
            let spec = article.sku.as_str().split_once('-').map(|(_, size)| size.to_owned());
            ProductDraft {
                sku: article.sku.clone(),
                fields: vec![
                    ProductField::Name(format!("{zh} {en}")),
                    ProductField::Spec(spec),
                    ProductField::Unit("件".into()),
                    ProductField::Category(Some(category.zh.into())),
                    ProductField::Supplier(Some(article.supplier.clone())),
                    ProductField::ListPrice(Some(price(article.price))),
                    ProductField::Cost(Some(price(article.cost))),
                ],
            }
        });
        hq.put_products(drafts.collect())?;
        Ok(())
    }
}

/// An amount in fen as the price of one.
pub fn price(amount: Amount) -> UnitPrice {
    UnitPrice(amount.0 * 100)
}
