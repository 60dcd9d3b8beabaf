module github.com/callcontrol-go/callcontrol/interop/bayeux

go 1.26

require (
	github.com/callcontrol-go/callcontrol v0.0.0
	github.com/gorilla/websocket v1.5.3
	github.com/stretchr/testify v1.12.1
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect

replace github.com/callcontrol-go/callcontrol => ../..
