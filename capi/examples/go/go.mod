module formwork-server

go 1.19
