"""Chinese names of the subjects, as the suites print them."""

CHINESE = {
    ("ceval", "chinese_language_and_literature"): "中国语言文学",
    ("ceval", "high_school_physics"): "高中物理",
    ("ceval", "middle_school_biology"): "初中生物",
    ("ceval", "middle_school_geography"): "初中地理",
    ("ceval", "middle_school_history"): "初中历史",
    ("ceval", "sports_science"): "体育学",
    ("cmmlu", "astronomy"): "天文学",
    ("cmmlu", "chinese_food_culture"): "中国饮食文化",
    ("cmmlu", "elementary_mathematics"): "初等数学",
    ("cmmlu", "world_history"): "世界历史",
}
