// Package v20170312 stands in for a cloud SDK that nobody in the lab talks to.
package v20170312

import "errors"

type Client struct{}
type Filter struct {
	Name   *string
	Values []*string
}
type Route struct {
	RouteId              *uint64
	DestinationCidrBlock *string
	GatewayId            *string
	GatewayType          *string
	RouteType            *string
	Enabled              *bool
}
type RouteTable struct {
	RouteTableId *string
	RouteSet     []*Route
}
type DescribeRouteTablesRequest struct{ Filters []*Filter }
type DescribeRouteTablesResponse struct {
	Response *struct{ RouteTableSet []*RouteTable }
}
type RoutesRequest struct {
	RouteTableId *string
	Routes       []*Route
}

var errNone = errors.New("no cloud in the lab")

func NewClientWithSecretId(id, key, region string) (*Client, error) { return nil, errNone }
func NewDescribeRouteTablesRequest() *DescribeRouteTablesRequest  { return &DescribeRouteTablesRequest{} }
func NewDeleteRoutesRequest() *RoutesRequest                      { return &RoutesRequest{} }
func NewCreateRoutesRequest() *RoutesRequest                      { return &RoutesRequest{} }
func (c *Client) DescribeRouteTables(r *DescribeRouteTablesRequest) (*DescribeRouteTablesResponse, error) {
	return nil, errNone
}
func (c *Client) DeleteRoutes(r *RoutesRequest) (*RoutesRequest, error) { return nil, errNone }
func (c *Client) CreateRoutes(r *RoutesRequest) (*RoutesRequest, error) { return nil, errNone }
