package browsertest

// Login goes to the console of the server at origin ("http://host:port") and
// gives login and password; what comes next is for the test to see.
func (b *Tab) Login(origin, login, password string) {
	b.T.Helper()
	b.Open(origin + "/console")
	b.Fill("#login", login)
	b.Fill("#password", password)
	b.Press("登录")
}

// FirstLogin is Login with a one-time password, which is changed to the new one.
func (b *Tab) FirstLogin(origin, login, oneTime, password string) {
	b.T.Helper()
	b.Login(origin, login, oneTime)
	b.Fill("#old", oneTime)
	b.Fill("#new", password)
	b.Fill("#again", password)
	b.Press("保存")
	b.Sees("密码已修改")
	b.Until("location.hash !== '#/password'")
}
