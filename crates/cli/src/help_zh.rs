//! Chinese help of the flags and verbs that both binaries share; see [`crate::help`] for the keys.

use crate::help::Table;

/// The texts.
pub const SHARED: Table = &[
    ("--lang", "提示信息的语言：zh 或 en"),
    ("--format", "标准输出上数据的形式：table（表格）或 json；policy show 可用 toml"),
    ("--json", "等于 --format json"),
    ("--user", "操作人，记入每个事件"),
    ("import", "导入其他程序的销售、退货和库存"),
    (
        "import examples",
        "例：\n  guicang import --profile uci-online-retail sales.csv.zst --dry-run\n  guicang import --profile ./till.toml today.csv",
    ),
    ("import FILE", "文件：CSV，可用 zstd 压缩"),
    ("import --profile", "各列的含义：自带格式的名称，或 TOML 文件"),
    ("import --site", "所有行所属的门店（文件里没有时填写）"),
    ("import --dry-run", "只检查，不写入"),
    // policy
    ("policy", "退货政策：能退什么、退多久、谁批准"),
    ("policy show", "查看退货政策；加 --format toml 打印成 policy set 可用的文件"),
    (
        "policy show examples",
        "例：\n  guicang policy show\n  guicang policy show --format toml > policy.toml\n  guicang policy show --version standard/1",
    ),
    ("policy show --version", "查看另一个版本，而不是当前版本"),
    ("policy set", "由文件设置政策的新版本；只有总部可以"),
    (
        "policy set examples",
        "例：\n  guicang policy show --format toml > policy.toml\n  guicang policy set policy.toml",
    ),
    ("policy set FILE", "政策文件（TOML）"),
    ("policy history", "列出政策的所有版本"),
    ("policy history examples", "例：\n  guicang policy history --json"),
    ("policy preview", "看最近几天的退货按某个政策会得到什么结果"),
    ("policy preview examples", "例：\n  guicang policy preview policy.toml --days 30"),
    ("policy preview FILE", "政策文件（TOML）"),
    ("policy preview --days", "最近多少天的退货"),
    // sale
    ("sale", "收银小票"),
    ("sale show", "查看小票：售出、已退、可退、净额"),
    ("sale show examples", "例：\n  guicang sale show 536365\n  guicang sale show S01/T2/000871 --json"),
    ("sale show RECEIPT", "小票：[门店/[收银台/]]小票号"),
    // stock
    ("stock", "库存"),
    ("stock show", "查看在手和可售数量"),
    (
        "stock show examples",
        "例：\n  guicang stock show\n  guicang stock show 85123A --json\n  guicang stock show --site S01",
    ),
    ("stock show SKU", "只看这个货号"),
    ("stock show --site", "只看这家门店"),
    ("stock adjust", "记录报溢、报损、入库、退供应商、期初"),
    (
        "stock adjust examples",
        "例：\n  guicang stock adjust 85123A --add 50 --reason count --as opening\n  guicang stock adjust 85123A --remove 3 --reason damaged",
    ),
    ("stock adjust SKU", "货号"),
    ("stock adjust --add", "增加多少"),
    ("stock adjust --remove", "减少多少"),
    ("stock adjust --reason", "原因代码：count、damaged、expired 等"),
    (
        "stock adjust --as",
        "调整类型：不写则为 found（报溢）或 written_off（报损）；另有 opening、received、sent_back",
    ),
    ("stock adjust --lot", "批号"),
    ("stock adjust --place", "库位"),
    ("stock adjust --cost", "单位成本"),
    ("stock adjust --note", "备注"),
    ("stock adjust --site", "门店；只有总部需要填写"),
    ("stock adjust --occurred", "发生时间（不是现在时填写）：2026-11-23T14:02，或只写日期"),
    ("stock adjust --approved-by", "批准的经理（政策要求时填写）"),
    // exception
    ("exception", "断线期间产生的异常"),
    ("exception list", "列出异常"),
    (
        "exception list examples",
        "例：\n  guicang exception list\n  guicang exception list --kind over_return --all --json",
    ),
    ("exception list --all", "连同已处理的"),
    ("exception list --historic", "查看导入历史中的异常（平时另列）"),
    ("exception list --kind", "只看这一类，例如 over_return"),
    ("exception show", "查看异常及其依据"),
    ("exception show examples", "例：\n  guicang exception show over_return:S01/536365:1"),
    ("exception show ID", "异常标识，见列表"),
    // the rest
    ("totals", "各门店与合计的数字"),
    ("totals examples", "例：\n  guicang-server totals\n  guicang-server totals --json"),
    ("doctor", "检查数据文件"),
    ("doctor examples", "例：\n  guicang doctor"),
    ("rebuild", "由原始记录重建所有显示的数据"),
    ("rebuild examples", "例：\n  guicang rebuild"),
    ("completions", "打印命令行补全脚本"),
];
