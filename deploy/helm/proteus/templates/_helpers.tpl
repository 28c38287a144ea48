{{/* Names, labels and the pieces every pod shares. */}}
{{- define "proteus.labels" -}}
app.kubernetes.io/name: proteus
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "proteus.selector" -}}
app.kubernetes.io/name: proteus
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "proteus.fullname" -}}
{{ .root.Release.Name }}-{{ .component }}
{{- end }}

{{- define "proteus.image" -}}
{{ .root.Values.image.registry }}/{{ .image }}:{{ coalesce .tag .root.Values.image.tag .root.Chart.AppVersion }}
{{- end }}

{{- define "proteus.redisSecret" -}}
{{ default (printf "%s-redis" .Release.Name) .Values.redis.existingSecret }}
{{- end }}
{{- define "proteus.databaseSecret" -}}
{{ default (printf "%s-postgres" .Release.Name) .Values.postgres.existingSecret }}
{{- end }}
{{- define "proteus.storageSecret" -}}
{{ default (printf "%s-object-storage" .Release.Name) .Values.objectStorage.existingSecret }}
{{- end }}
{{- define "proteus.authSecret" -}}
{{ default (printf "%s-auth" .Release.Name) .Values.auth.existingSecret }}
{{- end }}

{{- define "proteus.engines" -}}
{{- if .Values.weaver.engines }}{{ join "," .Values.weaver.engines }}{{ else }}puppet{{ end -}}
{{- end }}
{{/* The weavers' values with what a further fleet says otherwise. */}}
{{- define "proteus.fleetValues" -}}
{{ toYaml (mergeOverwrite (deepCopy .root.Values.weaver) (deepCopy (default (dict) .fleet.weaver))) }}
{{- end }}
{{/* Every engine of every fleet, and the most weavers of all fleets together. */}}
{{- define "proteus.allEngines" -}}
{{- $all := default (list "puppet") .Values.weaver.engines -}}
{{- range .Values.scaling.fleets }}{{ $all = concat $all (default (list) (default (dict) .weaver).engines) }}{{ end -}}
{{ join "," ($all | uniq) }}
{{- end }}
{{- define "proteus.maxReplicas" -}}
{{- $most := int .Values.scaling.maxReplicas -}}
{{- range .Values.scaling.fleets }}{{ $most = add $most (int (default 5 .maxReplicas)) }}{{ end -}}
{{ $most }}
{{- end }}
{{- define "proteus.defaultEngine" -}}
{{- default (first (splitList "," (include "proteus.engines" .))) .Values.engines.default -}}
{{- end }}

{{/* Buckets beside the pictures' one from which weights are read. */}}
{{- define "proteus.weightsBuckets" -}}
{{- $found := list -}}
{{- range list .Values.tailor.weights.source .Values.weaver.weights.source .Values.safety.source -}}
{{- if hasPrefix "s3://" . }}{{ $found = append $found (. | trimPrefix "s3://" | splitList "/" | first) }}{{ end -}}
{{- end -}}
{{- $found | uniq | sortAlpha | toJson -}}
{{- end }}

{{/* A random value that survives upgrades: what the cluster already holds wins. */}}
{{- define "proteus.keptSecret" -}}
{{- $found := lookup "v1" "Secret" .root.Release.Namespace .name -}}
{{- if and $found (hasKey ($found.data | default dict) .key) -}}
{{ index $found.data .key | b64dec }}
{{- else -}}
{{ randAlphaNum 40 }}
{{- end -}}
{{- end }}

{{/* A password as a URL may hold it: rotated by hand it may have any character. */}}
{{- define "proteus.inUrl" -}}
{{ urlquery . | replace "+" "%20" }}
{{- end }}

{{/* Where each role has an account of its own, the Secret's keys end in its name. */}}
{{- define "proteus.role" -}}
{{- if .roles }}_{{ upper .component }}{{ end -}}
{{- end }}
{{- define "proteus.storageKeys" -}}
{{- $role := include "proteus.role" (dict "roles" .root.Values.objectStorage.roles "component" .component) -}}
- name: OBJECT_STORAGE_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ include "proteus.storageSecret" .root }}, key: OBJECT_STORAGE_ACCESS_KEY{{ $role }}}}
- name: OBJECT_STORAGE_SECRET_KEY
  valueFrom: {secretKeyRef: {name: {{ include "proteus.storageSecret" .root }}, key: OBJECT_STORAGE_SECRET_KEY{{ $role }}}}
{{- end }}

{{/* Environment: shared settings, and only the secrets the service needs. */}}
{{- define "proteus.env" -}}
- {name: LOG_LEVEL, value: {{ .root.Values.logLevel | quote }}}
- name: REDIS_URL
  valueFrom: {secretKeyRef: {name: {{ include "proteus.redisSecret" .root }}, key: REDIS_URL{{ include "proteus.role" (dict "roles" .root.Values.redis.roles "component" .component) }}}}
{{- if has "redisAddr" .needs }}
- name: REDIS_ADDR
  valueFrom: {secretKeyRef: {name: {{ include "proteus.redisSecret" .root }}, key: REDIS_ADDR}}
{{- end }}
{{- if has "database" .needs }}
- name: DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ include "proteus.databaseSecret" .root }}, key: DATABASE_URL}}
{{- end }}
{{- if has "auth" .needs }}
- name: PROTEUS_SIGNING_KEY
  valueFrom: {secretKeyRef: {name: {{ include "proteus.authSecret" .root }}, key: PROTEUS_SIGNING_KEY}}
- name: PROTEUS_SECOND_SIGNING_KEY
  valueFrom: {secretKeyRef: {name: {{ include "proteus.authSecret" .root }}, key: PROTEUS_SECOND_SIGNING_KEY, optional: true}}
{{- end }}
{{- if has "storage" .needs }}
{{ include "proteus.storageKeys" . }}
{{- end }}
{{- with .extra }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Weights: where they come from, where they are kept. `weights` is the service's block of values. */}}
{{- define "proteus.weightsEnv" -}}
- {name: {{ .prefix }}_WEIGHTS_SOURCE, value: {{ .weights.source | quote }}}
- {name: {{ .prefix }}_WEIGHTS_DIR, value: /weights}
{{- with .weights.hubTokenSecret }}
- name: HF_TOKEN
  valueFrom: {secretKeyRef: {name: {{ . }}, key: HF_TOKEN}}
{{- end }}
{{- end }}
{{- define "proteus.safetyEnv" -}}
- {name: SAFETY_LEVEL, value: {{ .level | quote }}}
{{- if .source }}
- {name: SAFETY_WEIGHTS_SOURCE, value: {{ .source | quote }}}
- {name: SAFETY_WEIGHTS_DIR, value: /safety}
{{- end }}
{{- end }}
{{/* The certificate that signs pictures: where it lies, and what rolls the pods when it changes. */}}
{{- define "proteus.marksEnv" -}}
{{- if .certificateSecret }}
- {name: MARKS_CERTIFICATE_FILE, value: /etc/proteus/marks/tls.crt}
- {name: MARKS_KEY_FILE, value: /etc/proteus/marks/tls.key}
{{- end }}
{{- end }}
{{- define "proteus.marksMount" -}}
{{- if .certificateSecret }}
- {name: marks, mountPath: /etc/proteus/marks, readOnly: true}
{{- end }}
{{- end }}
{{- define "proteus.marksVolume" -}}
{{- with .certificateSecret }}
- name: marks
  secret: {secretName: {{ . }}, items: [{key: tls.crt, path: tls.crt}, {key: tls.key, path: tls.key}]}
{{- end }}
{{- end }}
{{- define "proteus.marksSecret" -}}
{{- lookup "v1" "Secret" .Release.Namespace .Values.marks.certificateSecret | toJson -}}
{{- end }}

{{- define "proteus.weightsVolume" -}}
- name: weights
  {{- if .nodeCachePath }}
  hostPath: {path: {{ .nodeCachePath }}, type: DirectoryOrCreate}
  {{- else }}
  emptyDir: {sizeLimit: {{ .cacheSize }}}
  {{- end }}
{{- end }}

{{- define "proteus.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* What every pod of ours has in common. */}}
{{- define "proteus.podCommon" -}}
serviceAccountName: {{ .root.Release.Name }}-{{ .component }}
automountServiceAccountToken: {{ and (eq .component "arbitrator") (eq .root.Values.scaling.owner "operator") }}
securityContext:
  {{- toYaml .root.Values.podSecurityContext | nindent 2 }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "proteus.podMetadata" -}}
labels:
  {{- include "proteus.labels" (dict "root" .root "component" .component) | nindent 2 }}
  {{- with .fleet }}
  proteus.dev/fleet: {{ . }}
  {{- end }}
annotations:
  checksum/config: {{ include (print .root.Template.BasePath "/shared/configmap.yaml") .root | sha256sum }}
  {{- if and .root.Values.marks.certificateSecret (has .component (list "tailor" "weaver")) }}
  {{- /* Workers read it at their start alone. Rendered without a cluster, the certificate is not known. */}}
  {{- with index ((include "proteus.marksSecret" .root | fromJson).data | default dict) "tls.crt" }}
  checksum/certificate: {{ . | sha256sum }}
  {{- end }}
  {{- end }}
  {{- with .values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* Counting triggers of one list: waiting, leases, retries and busy workers. KEDA's redis trigger counts lists and sorted sets. */}}
{{- define "proteus.redisTrigger" -}}
{{- $primary := .root.Values.redis.sentinelPrimary }}
- type: {{ ternary "redis-sentinel" "redis" (ne $primary "") }}
  name: {{ .name }}
  metadata:
    {{- if $primary }}
    addressesFromEnv: REDIS_ADDR
    sentinelMaster: {{ $primary | quote }}
    {{- else }}
    addressFromEnv: REDIS_ADDR
    {{- end }}
    listName: {{ .list | quote }}
    listLength: {{ .length | quote }}
    {{- if .root.Values.redis.tls }}
    enableTLS: "true"
    {{- end }}
  authenticationRef: {name: {{ .root.Release.Name }}-redis}
{{- end }}

{{/* Jobs that one weaver may have: given, or half of what it makes within the SLO; 10 for the founding plain form. */}}
{{- define "proteus.jobsPerPod" -}}
{{- $s := .Values.scaling -}}
{{- if $s.jobsPerPod }}{{ $s.jobsPerPod }}
{{- else if eq $s.form "plain" }}10
{{- else }}{{ max 1 (int (floor (divf $s.sloSeconds (mulf 2 $s.pictureSeconds)))) }}
{{- end }}
{{- end }}

{{/* How KEDA counts one list. plain: what waits. formula: pods for everything that waits, is due or runs, never fewer
than busy pods. signal: what the arbitrator wants; the formula while it says nothing. */}}
{{- define "proteus.scaledObjectSpec" -}}
scaleTargetRef:
  name: {{ .root.Release.Name }}-{{ .component }}
  envSourceContainerName: {{ .component }}
{{- if eq (int .min) 0 }}
# Above zero the HPA asks by itself.
pollingInterval: {{ .root.Values.scaling.pollingIntervalSeconds }}
{{- end }}
cooldownPeriod: {{ .root.Values.scaling.cooldownSeconds }}
minReplicaCount: {{ .min }}
maxReplicaCount: {{ .max }}
fallback:
  failureThreshold: 3
  replicas: {{ max 1 (int .min) }}
  behavior: currentReplicasIfHigher
advanced:
  {{- if ne .form "plain" }}
  {{- $formula := printf "max([(jobs + retry + inflight) / %v.0, busy])" .perPod }}
  scalingModifiers:
    formula: {{ ternary (printf "wanted > 0 ? wanted - 1 : %s" $formula) $formula (eq .form "signal") | quote }}
    target: "1"
    activationTarget: "0"
    metricType: AverageValue
  {{- end }}
  horizontalPodAutoscalerConfig:
    behavior:
      scaleUp:
        stabilizationWindowSeconds: 0
        policies:
          - {type: Percent, value: 100, periodSeconds: 30}
          - {type: Pods, value: 4, periodSeconds: 30}
      scaleDown:
        stabilizationWindowSeconds: 600
        policies:
          - {type: Pods, value: 1, periodSeconds: 120}
triggers:
  {{- include "proteus.redisTrigger" (dict "root" .root "name" "jobs" "list" .list "length" .perPod) | nindent 2 }}
  {{- if ne .form "plain" }}
  {{- include "proteus.redisTrigger" (dict "root" .root "name" "retry" "list" (printf "{%s}:retry" .list) "length" .perPod) | nindent 2 }}
  {{- include "proteus.redisTrigger" (dict "root" .root "name" "inflight" "list" (printf "{%s}:leases" .list) "length" .perPod) | nindent 2 }}
  {{- include "proteus.redisTrigger" (dict "root" .root "name" "busy" "list" (printf "{%s}:busy" .list) "length" 1) | nindent 2 }}
  {{- end }}
  {{- if eq .form "signal" }}
  {{- include "proteus.redisTrigger" (dict "root" .root "name" "wanted" "list" "config:weavers_wanted:weaver" "length" 1) | nindent 2 }}
  {{- end }}
{{- end }}
