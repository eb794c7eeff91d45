package fetch

import (
	"crypto/ed25519"
	"encoding/pem"
	"net/url"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"golang.org/x/crypto/ssh"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// newSSHKey makes a private key of a user.
func newSSHKey(tb testing.TB, user string) (ssh.PublicKey, *atlantv1.Credentials) {
	tb.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		tb.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		tb.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	return signer.PublicKey(), &atlantv1.Credentials{Credentials: &atlantv1.Credentials_SshPrivateKey{
		SshPrivateKey: &atlantv1.SshPrivateKey{User: user, Key: string(pem.EncodeToMemory(block))},
	}}
}

func TestURLsOfAllSchemes(t *testing.T) {
	t.Parallel()
	_, key := newSSHKey(t, "u")
	_, noUser := newSSHKey(t, "")
	for _, test := range []struct {
		request *atlantv1.FetchRequest
		url     string
		want    *atlantv1.Credentials
	}{
		{&atlantv1.FetchRequest{Url: "ftp://shop.example/list.csv"}, "ftp://shop.example/list.csv", nil},
		{&atlantv1.FetchRequest{Url: "FTP://u:p@shop.example:2121/%2Fa/list.csv"}, "ftp://shop.example:2121/%2Fa/list.csv", basic("u", "p")},
		{&atlantv1.FetchRequest{Url: "ftps://shop.example/a%3Fb.csv", Credentials: basic("u", "p")}, "ftps://shop.example/a%3Fb.csv", basic("u", "p")},
		{&atlantv1.FetchRequest{Url: "ftpes://u@shop.example/lists.zip#a/b.csv"}, "ftpes://shop.example/lists.zip#a/b.csv", basic("u", "")},
		{&atlantv1.FetchRequest{Url: "sftp://u:p@shop.example/~/list.csv"}, "sftp://shop.example/~/list.csv", basic("u", "p")},
		{&atlantv1.FetchRequest{Url: "sftp://shop.example/list.csv", Credentials: key}, "sftp://shop.example/list.csv", key},
		{&atlantv1.FetchRequest{Url: "sftp://u@shop.example/list.csv", Credentials: key}, "sftp://shop.example/list.csv", key},
		{&atlantv1.FetchRequest{Url: "sftp://v@shop.example/list.csv", Credentials: noUser}, "sftp://shop.example/list.csv", withKeyOf(noUser, "v")},
		{&atlantv1.FetchRequest{Url: "s3://prices/in/list.csv"}, "s3://prices/in/list.csv", nil},
		{&atlantv1.FetchRequest{Url: "gs://prices/list.csv"}, "gs://prices/list.csv", nil},
		{&atlantv1.FetchRequest{Url: "azblob://prices/list.csv"}, "azblob://prices/list.csv", nil},
		{&atlantv1.FetchRequest{Url: "file:///a/list.csv"}, "file:///a/list.csv", nil},
	} {
		before := proto.CloneOf(test.request)
		got, err := newRequest(test.request, noon)
		if err != nil || !strings.EqualFold(got.GetUrl(), test.url) || !proto.Equal(got.GetCredentials(), test.want) {
			t.Errorf("%s: got %v, %v", test.request.GetUrl(), got, err)
		}
		if !proto.Equal(before, test.request) {
			t.Errorf("%s: the request was changed", test.request.GetUrl())
		}
	}
}

func withKeyOf(credentials *atlantv1.Credentials, user string) *atlantv1.Credentials {
	credentials = proto.CloneOf(credentials)
	credentials.GetSshPrivateKey().User = user
	return credentials
}

// Whatever URL is taken, no user and no password are left in it, and it can be read again.
func TestURLsThatAreTakenAreClean(t *testing.T) {
	t.Parallel()
	pieces := rapid.SampledFrom([]string{
		"http", "https", "ftp", "ftps", "ftpes", "sftp", "s3", "gs", "azblob", "file", "://", ":", "/", "//", "@", "u:p@", "%2F", "%0A", "%40",
		"shop.example", "localhost", "[::1]", ":21", "~", "..", "list.csv", "?a=b", "#f", "|", " ",
	})
	taken := 0
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.SampledFrom([]string{"", "https://", "ftp://", "sftp://u:p@", "s3://", "file://"}).Draw(t, "start")
		text := start + strings.Join(rapid.SliceOfN(pieces, 0, 8).Draw(t, "pieces"), "")
		got, err := newRequest(&atlantv1.FetchRequest{Url: text}, noon)
		if err != nil {
			return
		}
		taken++
		u, err := url.Parse(got.GetUrl())
		if err != nil || u.User != nil || schemeOf(u) == nil || schemeOf(u).check(u) != nil {
			t.Errorf("%q became %q: %v", text, got.GetUrl(), err)
		}
	})
	if taken == 0 {
		t.Error("no URL was taken")
	}
}

func TestURLsThatAreRefused(t *testing.T) {
	t.Parallel()
	_, key := newSSHKey(t, "u")
	_, noUser := newSSHKey(t, "")
	noKey := proto.CloneOf(key)
	noKey.GetSshPrivateKey().Key = "secret"
	const ftp = "ftp://shop.example/list.csv"
	for url, test := range map[string]struct {
		credentials *atlantv1.Credentials
		want        string
	}{
		"//shop.example/list.csv":                       {nil, "url: must begin with http://, https://, ftp://, ftps://, ftpes://, sftp://, s3://, gs://, azblob:// or file://"},
		"ftp:///list.csv":                               {nil, "url: has no host"},
		"ftp://:21/list.csv":                            {nil, "url: has no host"},
		"ftp://shop.example":                            {nil, "url: names no file"},
		"ftp://shop.example/lists/":                     {nil, "url: names no file"},
		ftp + "?a=b":                                    {nil, "url: must not have a query"},
		ftp + "%0D%0ADELE%20x":                          {nil, "url: must not hold control characters"},
		"ftp://me:secret%0D%0ADELE@shop.example/a":      {nil, "credentials: must not hold control characters"},
		"ftps://shop.example/list.csv":                  {basic("me\n", "secret"), "credentials: must not hold control characters"},
		"ftpes://shop.example/list.csv":                 {bearer("secret"), "credentials: of this kind are not for ftpes"},
		ftp:                                             {key, "credentials: of this kind are not for ftp"},
		"https://shop.example/list.csv":                 {key, "credentials: of this kind are not for https"},
		"https://u@shop.example/list.csv":               {key, "credentials: of this kind are not for https"},
		"sftp://shop.example/list.csv":                  {nil, "credentials: are needed for sftp, by sftp://USER:PASSWORD@"},
		"sftp://shop.example/list.csv#a":                {bearer("secret"), "credentials: of this kind are not for sftp"},
		"sftp://shop.example/list.csv#b":                {noUser, "credentials.ssh_private_key: needs a user"},
		"sftp://shop.example/list.csv#c":                {noKey, "credentials.ssh_private_key: is no private key"},
		"sftp://u:secret@shop.example/list.csv":         {key, "credentials: are given in the url as well"},
		"sftp://v@shop.example/list.csv":                {key, "credentials: are given in the url as well"},
		"s3:///list.csv":                                {nil, "url: has no bucket"},
		"s3://prices":                                   {nil, "url: names no file"},
		"s3://prices/list.csv?endpoint=http://10.0.0.1": {nil, "url: must not have a query"},
		"s3://me:secret@prices/list.csv":                {nil, "credentials: are not for s3"},
		"gs://prices/list.csv":                          {bearer("secret"), "credentials: are not for gs"},
		"file://etc/passwd":                             {nil, "url: must begin with file:///"},
		"file:///":                                      {nil, "url: names no file"},
		"file:///a/b.csv":                               {basic("me", "secret"), "credentials: are not for file"},
		"file:/etc/passwd?":                             {nil, "url: must not have a query"},
	} {
		_, err := newRequest(&atlantv1.FetchRequest{Url: url, Credentials: test.credentials}, noon)
		if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v", url, err)
		}
	}
}
