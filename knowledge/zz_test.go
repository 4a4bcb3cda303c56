package knowledge
import ("testing";"jiban/knowledge/index";"jiban";"slices")
func TestZZ(t *testing.T){
	as,_:=Sample(); qs,_:=SampleQuestions()
	b:=index.NewBuilder(); for _,a:=range as{b.Add(newArchive("").document(a))}
	ix:=b.Index()
	c,_:=DefaultCalibration()
	for _,q:=range qs{
		found:=rank(ix, jiban.SearchQuery{Text:q.Question,Region:q.Region,Audience:q.Audience,At:sampleTime},5)
		f:=observe(found); conf:=c.confidence(f)
		right:=len(found)>0&&slices.Contains(q.Answer,found[0].hit.ID)
		tag:=""
		if conf>=c.Answer&&!right{tag="WRONG"} else if len(q.Answer)>0 && !right{tag="LOST"} else if right&&conf<c.Answer {tag="SHY"} else if !right&&conf>=c.Clarify{tag="ask"}
		if tag!=""{ second:=""; if len(found)>1{second=found[1].head.title}; t.Logf("%s %.2f %s => %s | %s %.2f",tag,conf,q.Question,found[0].head.title,second,f)}
	}
}
