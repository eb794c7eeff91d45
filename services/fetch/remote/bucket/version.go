package bucket

import (
	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azureblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
)

// sameVersion has a store answer with the version that the attributes are of, or with an error: there may be another one by now.
// Each store has words of its own for it.
func sameVersion(as func(any) bool, attributes *blob.Attributes) {
	var amazon *s3.GetObjectInput
	var google **storage.ObjectHandle
	var azure *azureblob.DownloadStreamOptions
	switch {
	case as(&amazon):
		if attributes.ETag != "" {
			amazon.IfMatch = &attributes.ETag
		}
		var options *[]func(*s3.Options)
		if as(&options) { // a store without checksums is no reason to write to stderr
			*options = append(*options, func(o *s3.Options) { o.DisableLogOutputChecksumValidationSkipped = true })
		}
	case as(&google):
		var object storage.ObjectAttrs
		if attributes.As(&object) && object.Generation != 0 {
			*google = (*google).If(storage.Conditions{GenerationMatch: object.Generation})
		}
	case as(&azure):
		if etag := azcore.ETag(attributes.ETag); etag != "" {
			azure.AccessConditions = &azureblob.AccessConditions{
				ModifiedAccessConditions: &azureblob.ModifiedAccessConditions{IfMatch: &etag},
			}
		}
	}
}
