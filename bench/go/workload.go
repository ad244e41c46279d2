package main

type request struct {
	endpoint, method, requestID string
	statusCode                  int64
	durationMs                  float64
}

type wide struct {
	detail    string
	tags      []string
	geo       map[string]string
	cached    bool
	parentID  *string
	bytesOut  uint64
	userAgent string
}

const event = "api_request_completed"
const rows = 16

// The same rows as src/workload.rs; the check compares them field by field.
var requests = [rows]request{
	{"/api/v1/orders", "GET", "req_8f3a2c91d4", 200, 12.483},
	{"/api/v1/orders/88213", "PUT", "req_01b7e5c3aa", 204, 48.021},
	{"/api/v1/payments", "POST", "req_77d0f1a2b9", 201, 145.207},
	{"/health", "GET", "req_5c2e9b1f00", 200, 0.412},
	{"/api/v1/users/4711/cart", "GET", "req_c4d8a9e6f3", 200, 7.25},
	{"/api/v1/payments/refund", "POST", "req_e19f4b7d28", 402, 233.909},
	{"/api/v1/search", "GET", "req_3a6c8e0f12", 200, 91.6},
	{"/api/v1/users", "POST", "req_9b8d7c6e5f", 409, 18.077},
	{"/api/v1/inventory/sku-20391", "GET", "req_2f4e6d8c0a", 200, 3.118},
	{"/api/v1/shipping/quote", "POST", "req_d7c5b3a190", 200, 64.75},
	{"/api/v1/orders/90112/items", "DELETE", "req_66a1f0e9d8", 204, 29.34},
	{"/login", "POST", "req_b0c1d2e3f4", 401, 102.5},
	{"/api/v1/catalog", "GET", "req_4e5f6a7b8c", 304, 1.875},
	{"/api/v1/webhooks/stripe", "POST", "req_f9e8d7c6b5", 200, 15.009},
	{"/api/v1/reports/daily", "GET", "req_1a2b3c4d5e", 500, 2048.331},
	{"/metrics", "GET", "req_0f1e2d3c4b", 200, 5.5},
}

const service, region, version = "checkout-api", "eu-central-1", "2.14.3"

var wides = func() (all [rows]wide) {
	details := []string{
		"upstream said \"try again\"\nafter 2 s",
		"path C:\\orders\\in\tskipped",
		"Größe überschritten: \"L\" → \"XL\"",
		"customer note: \"leave at door\"\r\nthanks",
	}
	countries := []string{"DE", "FR", "US", "JP"}
	cities := []string{"Berlin", "Paris", "New York", "Tokyo"}
	agents := []string{"curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64)"}
	for i := range all {
		all[i] = wide{
			detail:    details[i%4],
			tags:      []string{[]string{"api", "web", "batch"}[i%3], "checkout", []string{"blue", "green"}[i%2]},
			geo:       map[string]string{"country": countries[i%4], "city": cities[i%4]},
			cached:    i%3 == 0,
			bytesOut:  uint64(512 + 977*i),
			userAgent: agents[i%2],
		}
	}
	return
}()
