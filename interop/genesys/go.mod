module github.com/callcontrol-go/callcontrol/interop/genesys

go 1.26

require (
	github.com/callcontrol-go/callcontrol v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/gorilla/websocket v1.5.3 // indirect
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/hashicorp/go-retryablehttp v0.7.8 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

replace github.com/callcontrol-go/callcontrol => ../..
