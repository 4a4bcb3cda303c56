package lang

import "testing"

func TestNames(t *testing.T) {
	for in, want := range map[string]string{
		"我叫张伟":                         "张伟",
		"我叫张伟，电话13800001234":           "张伟",
		"我叫张伟住在道里区":                    "张伟",
		"本人李娜，家住香坊":                    "李娜",
		"姓名：欧阳娜娜":                      "欧阳娜娜",
		"我姓王":                          "王",
		"免贵姓李":                         "李",
		"王女士 13800001234":              "王女士",
		"联系人：刘大爷":                      "刘大爷",
		"我是王建国":                        "王建国",
		"我是张三，小区停水":                    "张三",
		"我是业主":                         "",
		"我是农民工":                        "",
		"我是外地人":                        "",
		"本人退休了":                        "",
		"我是高中学生":                       "",
		"我叫不到车":                        "",
		"小区停水":                         "",
		"My name is John Smith, hello": "John Smith",
		"":                             "",
	} {
		if got := values(Names(in)); got != want {
			t.Errorf("Names(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestBareName(t *testing.T) {
	for in, want := range map[string]string{"张伟": "张伟", "王女士": "王女士", "叫李娜": "李娜", "欧阳娜娜": "欧阳娜娜", "不知道": "", "方便": "", "三天": "", "安静街": "", "谢谢": "", "": "", "张三，13800001234": ""} {
		if got, _ := BareName(in); got.Value != want {
			t.Errorf("BareName(%q) = %q, want %q", in, got.Value, want)
		}
	}
}

func TestCompanies(t *testing.T) {
	for in, want := range map[string]string{
		"投诉哈尔滨利民热力有限公司不供热": "company:哈尔滨利民热力有限公司",
		"供热公司电话没人接":        "unit:供热公司",
		"物业不管":             "unit:物业",
		"我在龙江建筑劳务公司打工":     "company:龙江建筑劳务公司",
		"举报老王烧烤店油烟扰民":      "company:老王烧烤店",
		"万家物业服务有限公司乱收费":    "company:万家物业服务有限公司",
		"物业费太高":            "",
		"我要投诉":             "",
		"公司":               "",
		"大学生就业补贴":          "",
	} {
		got := ""
		for _, s := range Companies(in) {
			got += s.Key + ":" + s.Value
		}
		if got != want {
			t.Errorf("Companies(%q) = %q, want %q", in, got, want)
		}
	}
}
