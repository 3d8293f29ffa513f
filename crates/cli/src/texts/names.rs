//! Names of codes: states, accounts, kinds, reasons why.

names! {
    /// A state of a return.
    state {
        "draft": "草稿", "draft";
        "requested": "待审核", "requested";
        "approved": "已批准", "approved";
        "rejected": "已拒绝", "rejected";
        "needs_information": "待补充资料", "needs information";
        "part_received": "部分收货", "part received";
        "received": "已收货待检", "received";
        "inspected": "已质检", "inspected";
        "refund_queued": "待退款", "refund queued";
        "refund_intended": "退款处理中", "refund under way";
        "refund_accepted": "渠道已受理", "refund accepted";
        "refund_failed": "退款失败", "refund failed";
        "refund_paid": "已退款", "refund paid";
        "cancelled": "已取消", "cancelled";
        "closed": "已完结", "closed";
        "disputed": "有争议", "disputed";
    }
    /// A stock account.
    account {
        "sellable": "可售", "sellable";
        "returns_hold": "退货待检", "returns hold";
        "quarantine": "隔离", "quarantine";
        "defective": "次品", "defective";
        "supplier_hold": "待退供应商", "supplier hold";
        "scrap_hold": "待报废", "scrap hold";
        "repair": "维修中", "repair";
        "in_transit": "在途", "in transit";
        "customer": "顾客", "customer";
        "supplier": "供应商", "supplier";
        "scrap": "已报废", "scrapped";
        "variance": "损溢", "variance";
        "opening": "期初", "opening";
        "transform": "转换", "transformed";
        "waived": "免退货", "waived";
    }
    /// A kind of exception.
    exception {
        "over_return": "超量退货", "over-return";
        "refund_over_entitlement": "超额退款", "refund over entitlement";
        "unverified_sale": "销售未核实", "unverified sale";
        "conflicting_decision": "处理冲突", "conflicting decision";
        "clock": "时钟异常", "clock";
        "forged_envelope": "来源不符", "forged envelope";
    }
    /// A ground of the policy.
    ground {
        "out_of_window": "超过退货期限", "outside the return window";
        "value_above": "金额超过店员权限", "worth more than a clerk may grant";
        "unverified_above": "未核实销售且金额超限", "sale not held here and worth more than may be granted without it";
    }
    /// A tender.
    tender {
        "cash": "现金", "cash";
        "wechat": "微信", "WeChat Pay";
        "alipay": "支付宝", "Alipay";
        "card": "银行卡", "card";
        "unionpay": "银联", "UnionPay";
        "digital_rmb": "数字人民币", "e-CNY";
        "points": "积分", "points";
        "credit": "储值", "store credit";
        "unknown": "未注明", "not recorded";
    }
    /// A kind of adjustment.
    movement {
        "opening": "期初", "opening";
        "received": "入库", "received";
        "sent_back": "退供应商", "sent back";
        "found": "报溢", "found";
        "written_off": "报损", "written off";
    }
    /// Where an inspected part goes.
    disposition {
        "restock": "重新上架", "restock";
        "markdown": "降价销售", "restock at a lower price";
        "repair": "维修", "repair";
        "supplier": "退供应商", "back to the supplier";
        "manufacturer": "退厂家", "back to the maker";
        "scrap": "报废", "scrap";
        "give_back": "退还顾客", "give back";
        "quarantine": "隔离", "quarantine";
    }
    /// Who bears a loss; `site:CODE` and `supplier:NAME` stand for themselves.
    owner {
        "company": "公司", "the company";
        "customer": "顾客", "the customer";
    }
}
