{{- define "atlant.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* Leaves room for -serve-pods, since a name has 63 characters. */}}
{{- define "atlant.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "atlant.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "atlant.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "atlant.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: {{ .Chart.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "atlant.selector" . }}
{{- end -}}

{{- define "atlant.selector" -}}
app.kubernetes.io/name: {{ include "atlant.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "atlant.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "atlant.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* werf builds the image, and says which it is in .Values.werf.image. */}}
{{- define "atlant.image" -}}
{{- if .Values.werf -}}
{{- .Values.werf.image.atlant -}}
{{- else if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* What serve and work are told alike. */}}
{{- define "atlant.environment" -}}
- {name: ATLANT_LISTEN, value: "0.0.0.0:8080"}
- {name: ATLANT_NATS, value: {{ join "," .Values.nats.urls | quote }}}
{{- with .Values.nats.monitorUrls }}
- {name: ATLANT_NATS_MONITOR, value: {{ join "," . | quote }}}
{{- end }}
{{- with .Values.nats.credentials }}{{ if .existingSecret }}
- {name: ATLANT_NATS_CREDS, value: {{ printf "/run/atlant/nats/%s" .key | quote }}}
{{- end }}{{ end }}
{{- with .Values.nats.tls }}{{ if .existingSecret }}
- {name: ATLANT_NATS_CA, value: /run/atlant/nats-tls/ca.crt}
{{- if .clientCertificate }}
- {name: ATLANT_NATS_CERT, value: /run/atlant/nats-tls/tls.crt}
- {name: ATLANT_NATS_KEY, value: /run/atlant/nats-tls/tls.key}
{{- end }}{{ end }}{{ end }}
- {name: ATLANT_SHARDS, value: {{ .Values.nats.shards | quote }}}
- {name: ATLANT_REPLICAS, value: {{ .Values.nats.replicas | quote }}}
- name: ATLANT_VIEWS
  valueFrom:
    secretKeyRef: {name: {{ required "mongodb.uri.existingSecret names the Secret with the URI of MongoDB" .Values.mongodb.uri.existingSecret }}, key: {{ .Values.mongodb.uri.key | quote }}}
{{- end -}}

{{/* Who may call serve. */}}
{{- define "atlant.access" -}}
{{- with .Values.access -}}
{{- if not (or .apiKeys.existingSecret .oidc.issuer .anonymousRead) -}}
{{- fail "nobody could call: set access.apiKeys.existingSecret, access.oidc.issuer or access.anonymousRead" -}}
{{- end -}}
{{- if .apiKeys.existingSecret }}
- {name: ATLANT_API_KEYS_FILE, value: {{ printf "/run/atlant/api-keys/%s" .apiKeys.key | quote }}}
{{- end }}
{{- if .oidc.issuer }}
- {name: ATLANT_OIDC_ISSUER, value: {{ .oidc.issuer | quote }}}
- {name: ATLANT_OIDC_AUDIENCE, value: {{ required "access.oidc.audience says whom tokens must be for" .oidc.audience | quote }}}
{{- end }}
{{- if .anonymousRead }}
- {name: ATLANT_ANONYMOUS_READ, value: "true"}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "atlant.secretMounts" -}}
{{- if .Values.nats.credentials.existingSecret }}
- {name: nats, mountPath: /run/atlant/nats, readOnly: true}
{{- end }}
{{- if .Values.nats.tls.existingSecret }}
- {name: nats-tls, mountPath: /run/atlant/nats-tls, readOnly: true}
{{- end }}
{{- end -}}

{{- define "atlant.secretVolumes" -}}
{{- with .Values.nats.credentials }}{{ if .existingSecret }}
- name: nats
  secret: {secretName: {{ .existingSecret }}, defaultMode: 0440, items: [{key: {{ .key | quote }}, path: {{ .key | quote }}}]}
{{- end }}{{ end }}
{{- with .Values.nats.tls }}{{ if .existingSecret }}
- name: nats-tls
  secret: {secretName: {{ .existingSecret }}, defaultMode: 0440}
{{- end }}{{ end }}
{{- end -}}

{{- define "atlant.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Both roles open their port before the log and the views answer, and serve it once they do: that is what startup waits for. */}}
{{- define "atlant.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 90
livenessProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: http}
  periodSeconds: 5
  timeoutSeconds: 4
  failureThreshold: 2
{{- end -}}

{{/* What both kinds of pod have in common; called with the root and the values of the role. */}}
{{- define "atlant.podSettings" -}}
{{- $component := .component -}}
serviceAccountName: {{ include "atlant.serviceAccount" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{ toJson . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
terminationGracePeriodSeconds: 30
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "atlant.selector" $.root | nindent 8 }}
        app.kubernetes.io/component: {{ $component }}
  {{- end }}
{{- with .role.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with .role.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
{{- with .role.affinity }}
affinity: {{ toJson . }}
{{- end }}
{{- with .role.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "atlant.podMetadata" -}}
labels:
  {{- include "atlant.labels" .root | nindent 2 }}
  app.kubernetes.io/component: {{ .component }}
  {{- with .role.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .role.podAnnotations }}
annotations: {{ toJson . }}
{{- end }}
{{- end -}}

{{/* The ports that the addresses of NATS name, as a JSON list. */}}
{{- define "atlant.natsPorts" -}}
{{- $ports := list -}}
{{- range concat .Values.nats.urls .Values.nats.monitorUrls -}}
{{- $ports = append $ports (regexFind ":[0-9]+$" (urlParse .).host | trimPrefix ":" | default "4222" | int) -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}
