/* Written by `npm run types` from docs/openapi.json; change that, not this file. */
export interface paths {
    "/v1/tryons": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your try-ons
         * @description Return your try-ons, newest first.
         */
        get: operations["list_tryons_v1_tryons_get"];
        put?: never;
        /**
         * Try a garment on
         * @description Submit a try-on. 202 with position and ETA; with `Prefer: wait=N` 200 if it ends in time; 429 if shed.
         *
         *     `POST /v1/tryons` also takes the photos themselves: as data URIs, or as the files `person` and `garment` of a form
         *     (`multipart/form-data`) whose other fields are the options.
         */
        post: operations["snap_v1_tryons_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/snap": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try a garment on
         * @description Submit a try-on. 202 with position and ETA; with `Prefer: wait=N` 200 if it ends in time; 429 if shed.
         *
         *     `POST /v1/tryons` also takes the photos themselves: as data URIs, or as the files `person` and `garment` of a form
         *     (`multipart/form-data`) whose other fields are the options.
         */
        post: operations["snap_api_snap_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tryons/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Status of a try-on
         * @description Return status, stage, position, ETA, progress and results; with `?wait=` as soon as the job has ended.
         */
        get: operations["status_v1_tryons__job_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete a try-on
         * @description Delete the try-on, its rows and its pictures, cancelling it first if it still runs. The photos stay yours.
         */
        delete: operations["delete_tryon_v1_tryons__job_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/status/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Status of a job
         * @description Return status, stage, position, ETA, progress and results; with `?wait=` as soon as the job has ended.
         */
        get: operations["status_api_status__job_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/results/{job_id}/{n}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Fetch a result
         * @description Redirect to a signed URL of the picture (of a cut-out: n = 1).
         *
         *     With `w`, `format` or `q`: to that of a variant, the same for the whole hour; the answer may be kept as long as
         *     `Cache-Control` says. While the variant is being made, a stand-in is answered, with `no-store`.
         */
        get: operations["result_v1_results__job_id___n__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/results/{job_id}/{n}/mask": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sign the mask that a picture was made with
         * @description Return a signed URL of a PNG or JPEG of the photo's size: white could change. For submits with `return_mask`.
         */
        get: operations["mask_v1_results__job_id___n__mask_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/guest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Become a guest
         * @description Make a new guest and return its token. Send it as `Authorization: Bearer …` and as the socket's `auth.token`.
         *
         *     Where guests need a host (error `guests_disabled`), call this with an API key or an account's
         *     token: the guest joins its tenant.
         */
        post: operations["guest_v1_auth_guest_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make an account of yours
         * @description Register with an email address and a password; a guest's token makes it the guest's account, pictures included.
         *
         *     Where strangers are not welcome (error `registration_closed`), administrators make accounts.
         */
        post: operations["register_v1_auth_register_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log in
         * @description Begin a session: an access token for minutes, and a refresh token for the next one.
         */
        post: operations["login_v1_auth_login_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go on with a session
         * @description Exchange a refresh token for new tokens. It works once: a second use ends the session (`refresh_reused`).
         */
        post: operations["refresh_v1_auth_refresh_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log out
         * @description End the session of this access token: within a second it opens nothing more, on every replica.
         */
        post: operations["logout_v1_auth_logout_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change your password
         * @description Change the password. Every session ends, this one too; the answer begins a new one.
         */
        post: operations["password_v1_auth_password_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/images/presignedUpUrl": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sign an upload
         * @description Return a signed URL: PUT the photo there with exactly these headers, then use `image_url` everywhere.
         */
        get: operations["presigned_up_url_images_presignedUpUrl_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign an upload
         * @description Return a signed URL, like GET /images/presignedUpUrl.
         */
        post: operations["post_upload_v1_uploads_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/images/presignedDownloadUrl": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sign a download
         * @description Return a signed URL of the ingested photo. A photo that no job used yet is ingested first: 409 until then.
         */
        get: operations["presigned_download_url_images_presignedDownloadUrl_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/images": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your photos
         * @description Return your photos, newest first.
         */
        get: operations["list_images_v1_images_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/images/{image_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Look at a photo's record
         * @description Return one photo's record: how far it is prepared, and what the tailor found.
         */
        get: operations["get_image_v1_images__image_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete a photo
         * @description Delete the photo, everything derived from it, and every try-on made with it.
         */
        delete: operations["delete_image_v1_images__image_id__delete"];
        options?: never;
        head?: never;
        /**
         * Correct a garment's category
         * @description Keep what the garment is: every later `auto` for this photo means it, in cut-outs and try-ons.
         */
        patch: operations["patch_image_v1_images__image_id__patch"];
        trace?: never;
    };
    "/v1/images/{image_id}/area": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sign the mask of what a garment may change
         * @description Return a signed URL of a PNG of the photo's size: white may change, for a garment of this category.
         *
         *     It is there once the photo is parsed: 409 until then. Where a photo shows several people, it is that of the
         *     person whom a try-on without `person_index` takes.
         */
        get: operations["get_area_v1_images__image_id__area_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/images/{image_id}/uploaded": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Prepare a photo as soon as it is uploaded
         * @description Start ingest, then the cut of a garment or the parse of a person; calling it twice changes nothing.
         *
         *     Optional: a submit starts whatever is missing. Call it right after the PUT, and the first picture comes sooner.
         */
        post: operations["post_uploaded_v1_images__image_id__uploaded_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/segmentations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cut a garment out of its photo
         * @description Start the cut-out; two requests for the same photo and category share one job.
         */
        post: operations["segment_v1_segmentations_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/segformer/segmentOutfitPic": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cut a garment out of its photo
         * @description Start the cut-out; two requests for the same photo and category share one job.
         */
        post: operations["segment_segformer_segmentOutfitPic_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/segmentations/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Status of a cut-out
         * @description Return the cut-out's status; with `?wait=` as soon as it has ended.
         */
        get: operations["segmentation_v1_segmentations__job_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tryons/{job_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a try-on
         * @description Cancel waiting pictures at once, running ones at their next step. Cancelling an ended job changes nothing.
         */
        post: operations["cancel_v1_tryons__job_id__cancel_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/catvton/transferOutfit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Submit a VTON entry
         * @description Submit the entry's try-on, with the engine it names. An entry that was submitted already returns its status.
         */
        post: operations["transfer_outfit_catvton_transferOutfit_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vtons": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your VTON entries
         * @description Return your entries, drafts too, newest first.
         */
        get: operations["list_vtons_vtons_get"];
        put?: never;
        /**
         * Keep a VTON entry
         * @description Keep photo, garment and options as a draft; nothing runs yet.
         */
        post: operations["create_vtons_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/vtons/{vton_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Look at a VTON entry
         * @description Return photo, garment, cut-out, results and status of one entry.
         */
        get: operations["get_vton_vtons__vton_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete a VTON entry
         * @description Delete the entry, its rows and its pictures.
         */
        delete: operations["delete_vtons__vton_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change a VTON entry's labels
         * @description Replace `metadata`; photo, garment and options do not change.
         */
        patch: operations["change_vtons__vton_id__patch"];
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream all your events
         * @description Stream `job` and `progress` events of all your jobs, from `Last-Event-ID` or from now on.
         */
        get: operations["events_v1_events_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tryons/{job_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream one try-on's events
         * @description Stream one job's events until it has ended. Without `Last-Event-ID` the first event is the job as it is now.
         */
        get: operations["tryon_events_v1_tryons__job_id__events_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List users
         * @description Return the users you may see: yourself; with the scope `admin` all, oldest first.
         */
        get: operations["list_users_users_get"];
        put?: never;
        /**
         * Make a user
         * @description Make a guest, like POST /v1/auth/guest.
         */
        post: operations["create_users_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Look at a user
         * @description Return a user; `me` is yourself.
         */
        get: operations["get_user_users__user_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete a user
         * @description Delete the user with all photos, try-ons and events. The user's tokens and keys stop working.
         */
        delete: operations["delete_users__user_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change a user
         * @description Change the display name.
         */
        patch: operations["change_users__user_id__patch"];
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List engines and parsers
         * @description Return every engine with its licences, and whether workers offer it now; and the parsers' licences.
         *
         *     Needs no token; with one, `allowed` and `default` are what hold for you.
         */
        get: operations["models_v1_models_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fleet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show whether weavers are ready
         * @description Return whether work would begin at once, and how soon if not. At most a second old.
         */
        get: operations["fleet_v1_fleet_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fleet/warm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have a weaver ready soon
         * @description Wake the fleet before the first job, and keep a weaver for so long. A shorter request shortens nothing.
         *
         *     Each request uses up minutes that the tenant has in an hour; guests that no account brought have none.
         */
        post: operations["warm_v1_fleet_warm_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/queue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Depths and workers
         * @description Return both queues, the unfinished jobs by engine and priority, whether new work is taken, and the workers.
         */
        get: operations["overview_v1_queue_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/queue/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream depths and workers
         * @description Stream the answer of GET /v1/queue: now, and whenever it has changed, once a second at most.
         */
        get: operations["live_v1_queue_live_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/queue/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List jobs
         * @description Return jobs of all users, newest first.
         */
        get: operations["jobs_v1_queue_jobs_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/queue/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a job
         * @description Return the row, and what Redis holds of it.
         */
        get: operations["job_v1_queue_jobs__job_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/queue/jobs/{job_id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what happened to a job
         * @description Return the job, what its worker gets, the jobs it needs, and its moments from row and events.
         */
        get: operations["timeline_v1_queue_jobs__job_id__timeline_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/queue/jobs/{job_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a failed job try again
         * @description Send a failed job to its queue again, with a clean record. Jobs that failed because of it stay failed.
         */
        post: operations["retry_v1_queue_jobs__job_id__retry_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/queue/jobs/{job_id}/drop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Drop a job
         * @description Cancel a living job; take a failed one off the dead letters.
         */
        post: operations["drop_v1_queue_jobs__job_id__drop_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/queue/dead": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List dead letters
         * @description Return the newest dead letters of both queues with their reasons.
         *
         *     They include payloads that the gateway could not import, and events it could not record (`event_set_aside`).
         */
        get: operations["dead_v1_queue_dead_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fleet/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What did the arbitrator decide, and why?
         * @description Return the last decisions, oldest first. A decision is recorded when it differs from the one before.
         */
        get: operations["decisions_v1_fleet_decisions_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/queue/arrivals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the submits that arrived, for a replay
         * @description Return the pictures that all users requested since a time, oldest first.
         */
        get: operations["arrivals_v1_queue_arrivals_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/upload/cloth": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Upload a garment photo and cut it out
         * @description Store the photo, start its cut-out, and answer with `cloth_clean_url` if it is ready within `Prefer: wait=N`.
         *
         *     The file goes through a spool on disk, never as a whole through memory; browsers should PUT to a signed URL instead.
         */
        post: operations["upload_cloth_api_upload_cloth_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Does it work?
         * @description Return what works. 200 also when a server is away: read `status`.
         */
        get: operations["health_health_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Alive?
         * @description Answer while the event loop turns; 503, with its name, once a background loop no longer turns.
         */
        get: operations["healthz_healthz_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ready for requests?
         * @description 503 while Postgres is away, a loop does not turn or the process is stopping: no traffic then.
         *
         *     Redis counts until it has answered once, so a release with a wrong address takes no traffic. Later its absence
         *     leaves answers that need none of it: recorded submits, statuses, results, and problems that say when to come back.
         */
        get: operations["readyz_readyz_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List API keys
         * @description Return your tenant's keys, the newest first, those that have ended included; administrators see all.
         */
        get: operations["list_keys_v1_keys_get"];
        put?: never;
        /**
         * Make an API key
         * @description Make a key and return its text, this once. It acts as its tenant's own account.
         */
        post: operations["create_v1_keys_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Look at an API key
         * @description Return a key; its text is never shown again.
         */
        get: operations["get_key_v1_keys__key_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{key_id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Revoke an API key
         * @description End a key now. Within a second no replica takes it, its tokens, sockets or streams any more.
         */
        post: operations["revoke_v1_keys__key_id__revoke_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{key_id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replace an API key
         * @description Make a key with the same rights, and end the old one after `grace_seconds`.
         */
        post: operations["rotate_v1_keys__key_id__rotate_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mint a token for a browser
         * @description Mint a token for a shopper, inside your tenant. Call this from your server, with its API key.
         *
         *     The token ends with the key, and has no right that the key lacks.
         */
        post: operations["mint_v1_tokens_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List accounts
         * @description Return the accounts, the oldest first. `DELETE /users/{user_id}` deletes one with all its data.
         */
        get: operations["list_accounts_v1_accounts_get"];
        put?: never;
        /**
         * Make an account
         * @description Make an account with a password that is returned this once; its owner changes it at the first login.
         */
        post: operations["create_v1_accounts_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{user_id}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give an account a new password
         * @description Make a new password, returned this once, and end the account's sessions.
         */
        post: operations["reset_v1_accounts__user_id__reset_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List tenants
         * @description Return the tenants, the oldest first, with what each may use.
         */
        get: operations["list_tenants_v1_tenants_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Say what a tenant may use
         * @description Restrict a tenant's engines, samples, qualities, priorities and units; say what pictures show and carry.
         *
         *     It holds within seconds, for the tenant's keys and shoppers too.
         */
        put: operations["restrict_v1_tenants__tenant__put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Say how long a tenant's work is kept
         * @description Delete a tenant's try-ons, and photos that none uses, so many days after they were made. Holds from now on.
         */
        put: operations["keep_v1_tenants__tenant__retention_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the audit log
         * @description Return deeds, the newest first. They are kept for `RETENTION_AUDIT_DAYS`.
         */
        get: operations["audit_v1_audit_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How long data is kept
         * @description Return the retention policy of this deployment, with a token that of your tenant; needs none.
         */
        get: operations["retention_v1_retention_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/consent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is asked of you
         * @description Return the text that your shop asks you to agree to before the first photo, and whether you did.
         */
        get: operations["consent_v1_consent_get"];
        put?: never;
        /**
         * Agree
         * @description Agree to the text of this version. Without it uploads get 403 `consent_required`.
         */
        post: operations["give_v1_consent_post"];
        /**
         * Withdraw, and delete everything
         * @description Withdraw the consent. All your photos, try-ons and events go, and you with them: your tokens stop working.
         */
        delete: operations["withdraw_v1_consent_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/consent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Ask for consent
         * @description Ask this tenant's shoppers to agree before their first photo. For its owner and administrators.
         */
        put: operations["ask_v1_tenants__tenant__consent_put"];
        post?: never;
        /**
         * Stop asking
         * @description Take photos of this tenant's shoppers without asking.
         */
        delete: operations["stop_asking_v1_tenants__tenant__consent_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/queue/intake": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Pause or resume intake
         * @description Refuse new work, or take it again; every gateway does so within two seconds.
         *
         *     While it is paused, try-ons, cut-outs and preparations get 503 `intake_paused` with your reason. What was accepted
         *     goes on, photos may be uploaded, repeated submits get their first answer, external payloads stay on their list.
         */
        put: operations["put_intake_v1_queue_intake_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/queue/jobs/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let many failed jobs try again
         * @description Send the failed jobs that the filter finds to their queues again; those that need a failed job are skipped.
         */
        post: operations["retry_many_v1_queue_jobs_retry_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/queue/jobs/drop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Drop many jobs
         * @description Cancel the living jobs that the filter finds, or take failed ones off the dead letters.
         */
        post: operations["drop_many_v1_queue_jobs_drop_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fleet/workers/{worker_id}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a worker take no more jobs
         * @description Have a worker finish what it holds and take nothing more, until you take this back.
         *
         *     It does not end: stop its pod when it holds no jobs. The request holds for its name, over restarts, until the worker
         *     has been away for a day. A worker of an earlier version does not listen.
         */
        post: operations["drain_v1_fleet_workers__worker_id__drain_post"];
        /**
         * Let a worker take jobs again
         * @description Take a request to drain back.
         */
        delete: operations["undrain_v1_fleet_workers__worker_id__drain_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fleet/figures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what the fleet did lately
         * @description Return the last minutes: arrivals against ends, depth, weavers, refusals, how long each part took, what it cost.
         *
         *     Pictures are counted by the ledger. Depths, weavers and refusals are what the gateways saw; Redis keeps it two
         *     hours.
         */
        get: operations["figures_v1_fleet_figures_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fleet/what-if": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask what another fleet would do
         * @description Return the speed, waits and cost of a fleet that you imagine, by the times that your weavers measured.
         *
         *     The flow is steady: the estimates are those of admission and of the arbitrator, no simulation. For a day with a peak
         *     run `proteus size`.
         */
        post: operations["imagine_v1_fleet_what_if_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List webhook endpoints
         * @description Return your tenant's endpoints, the newest first, with their state.
         */
        get: operations["list_webhooks_v1_webhooks_get"];
        put?: never;
        /**
         * Make a webhook endpoint
         * @description Make an endpoint for the events of all try-ons of your tenant; its secret is shown this once.
         */
        post: operations["create_v1_webhooks_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhook_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Look at a webhook endpoint
         * @description Return an endpoint; its secret is never shown again.
         */
        get: operations["get_webhook_v1_webhooks__webhook_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete a webhook endpoint
         * @description Delete the endpoint with its deliveries; what is pending is not sent.
         */
        delete: operations["delete_v1_webhooks__webhook_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change a webhook endpoint
         * @description Change address, events or description, or switch the endpoint off or on; what is left out stays.
         */
        patch: operations["change_v1_webhooks__webhook_id__patch"];
        trace?: never;
    };
    "/v1/webhooks/{webhook_id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replace the secret of a webhook endpoint
         * @description Return a new secret, this once. Until `grace_seconds` are over both secrets sign every message.
         */
        post: operations["rotate_v1_webhooks__webhook_id__rotate_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhook_id}/ping": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Test a webhook endpoint
         * @description Send a message of the type `ping`, once; look at its delivery for the answer.
         */
        post: operations["ping_v1_webhooks__webhook_id__ping_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhook_id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List deliveries
         * @description Return what was sent to an endpoint or waits for it, the newest first.
         */
        get: operations["list_deliveries_v1_webhooks__webhook_id__deliveries_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Look at a delivery
         * @description Return a delivery with its payload, and each attempt with request and answer.
         */
        get: operations["get_delivery_v1_webhooks__webhook_id__deliveries__delivery_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhook_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send deliveries again
         * @description Send one ended delivery again, or all since a moment, with the ids they had.
         */
        post: operations["replay_v1_webhooks__webhook_id__replay_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show usage and cost
         * @description Return what jobs used, preparations included, in the time in which their attempts ended.
         *
         *     You see your own usage; with the scope `usage` or `keys` that of your tenant; an administrator sees all.
         */
        get: operations["usage_v1_usage_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/spend-caps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List spend caps
         * @description Return the caps of your tenant and its keys, with what is used of each; administrators see all.
         */
        get: operations["list_caps_v1_spend_caps_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/spend-caps/tenants/{tenant}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Cap a tenant's spend
         * @description Cap what a tenant uses, its keys and shoppers included. Holds within a second; without numbers it ends.
         */
        put: operations["cap_tenant_v1_spend_caps_tenants__tenant__put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/spend-caps/keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Cap a key's spend
         * @description Cap what a key of your tenant uses, with the tokens that it made. Its tenant's cap holds beside it.
         */
        put: operations["cap_key_v1_spend_caps_keys__key_id__put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/me/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export all that is kept of you
         * @description Stream all that is kept of you as a ZIP. One runs at a time (409 `export_running`), so many a day.
         */
        get: operations["export_v1_users_me_export_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Look at your profile
         * @description Return your name, what you prefer, and when you are deleted if you stay away.
         */
        get: operations["profile_v1_users_me_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change your profile
         * @description Change your name and what you prefer. A preference that a submit would be refused with is refused here.
         */
        patch: operations["change_v1_users_me_patch"];
        trace?: never;
    };
    "/v1/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read a picture's marks
         * @description Return what XMP and C2PA say about where a picture comes from. The picture is deleted at once.
         */
        post: operations["verify_v1_verify_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/batches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your batches
         * @description Return your batches, newest first.
         */
        get: operations["list_batches_v1_batches_get"];
        put?: never;
        /**
         * Make a batch
         * @description Make up to 10,000 pictures of persons and garments, each with each, or of `items`; or of lines of JSON.
         *
         *     They are given to ready workers that have nothing else to do, and wait while anything else does. As
         *     `application/jsonl` each line is an item; the first may be `{"batch": {…}}` with all that is beside `items` here.
         */
        post: operations["create_v1_batches_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/batches/{batch_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Progress of a batch
         * @description Return how many of its pictures are where, what they cost so far, and when the last one is expected.
         */
        get: operations["get_batch_v1_batches__batch_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete a batch
         * @description Delete the batch, cancelling it first if it still runs. Its try-ons and their pictures follow within minutes.
         */
        delete: operations["delete_v1_batches__batch_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/batches/{batch_id}/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the items of a batch
         * @description Return a page of its items in their order, with the status and the picture of each.
         */
        get: operations["list_items_v1_batches__batch_id__items_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/batches/{batch_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a batch
         * @description Cancel waiting items at once, running ones at their next step; what is made stays. An ended one stays so.
         */
        post: operations["cancel_v1_batches__batch_id__cancel_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/batches/{batch_id}/results": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Fetch the results of a batch
         * @description Stream a ZIP of the pictures; a line of its manifest has item, your id, status, error, SHA-256 and address.
         */
        get: operations["results_v1_batches__batch_id__results_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface webhooks {
    "tryon.started": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A try-on: started
         * @description Answer 2xx within 10 s. Anything else is tried again for a day; 410 switches the endpoint off.
         */
        post: operations["receivetryon_started_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "tryon.completed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A try-on: completed
         * @description Answer 2xx within 10 s. Anything else is tried again for a day; 410 switches the endpoint off.
         */
        post: operations["receivetryon_completed_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "tryon.failed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A try-on: failed
         * @description Answer 2xx within 10 s. Anything else is tried again for a day; 410 switches the endpoint off.
         */
        post: operations["receivetryon_failed_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "tryon.canceled": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A try-on: canceled
         * @description Answer 2xx within 10 s. Anything else is tried again for a day; 410 switches the endpoint off.
         */
        post: operations["receivetryon_canceled_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "tryon.expired": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A try-on: expired
         * @description Answer 2xx within 10 s. Anything else is tried again for a day; 410 switches the endpoint off.
         */
        post: operations["receivetryon_expired_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "batch.ended": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A batch: ended
         * @description Answer as for a try-on.
         */
        post: operations["receive_batchbatch_ended_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface components {
    schemas: {
        /**
         * AccountBody
         * @description An account.
         * @example {
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "email": "ada@acme.example",
         *       "password_changed_at": "2026-02-03T12:00:00.000Z",
         *       "role": "owner",
         *       "tenant": "acme",
         *       "user_id": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6"
         *     }
         */
        AccountBody: {
            /** User Id */
            user_id: string;
            /** Email */
            email: string;
            /**
             * Role
             * @enum {string}
             */
            role: "user" | "owner" | "admin";
            /** Tenant */
            tenant: string;
            /** Created At */
            created_at: string;
            /** Password Changed At */
            password_changed_at: string;
        };
        /**
         * AccountList
         * @description Accounts, the oldest first.
         * @example {
         *       "items": [
         *         {
         *           "created_at": "2026-02-03T12:00:00.000Z",
         *           "email": "ada@acme.example",
         *           "password_changed_at": "2026-02-03T12:00:00.000Z",
         *           "role": "owner",
         *           "tenant": "acme",
         *           "user_id": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6"
         *         }
         *       ],
         *       "next_cursor": "WyIyMDI2LTAyLTAz…"
         *     }
         */
        AccountList: {
            /** Items */
            items: components["schemas"]["AccountBody"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * AccountRequest
         * @description Whose account to make.
         * @example {
         *       "email": "ada@acme.example",
         *       "role": "owner",
         *       "tenant": "acme"
         *     }
         */
        AccountRequest: {
            /** Email */
            email: string;
            /** Tenant */
            tenant: string;
            /**
             * Role
             * @description `user` uses the API, `owner` manages its tenant's keys, `admin` operates the deployment.
             * @default user
             * @enum {string}
             */
            role?: "user" | "owner" | "admin";
        };
        /**
         * Arrival
         * @description A picture that a client requested.
         * @example {
         *       "batch_key": "catvton/1/768x1024/20",
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "degradable": true,
         *       "degraded": false,
         *       "engine": "catvton",
         *       "finished_at": "2026-02-03T12:00:08.750Z",
         *       "priority": 1,
         *       "rank": 0.4142,
         *       "ready_at": "2026-02-03T12:00:01.250Z",
         *       "started_at": "2026-02-03T12:00:03.500Z",
         *       "status": "completed",
         *       "tenant": "guests",
         *       "deadline_at": null
         *     }
         */
        Arrival: {
            /** Tenant */
            tenant: string;
            /**
             * Priority
             * @description 0 low, 1 normal, 2 high.
             */
            priority: number;
            /** Engine */
            engine: string;
            /** Batch Key */
            batch_key: string;
            /**
             * Degradable
             * @description It has a degraded form.
             */
            degradable: boolean;
            /**
             * Rank
             * @description Its place in the order of degrading, 0..1: below the fraction means degraded.
             */
            rank: number;
            /**
             * Degraded
             * @description It was made in degraded form; null while it is not made.
             */
            degraded: boolean | null;
            /** Deadline At */
            deadline_at: string | null;
            status: components["schemas"]["JobState"];
            /** Created At */
            created_at: string;
            /**
             * Ready At
             * @description When all it needs was there and it could be queued; null: never yet.
             */
            ready_at: string | null;
            /**
             * Started At
             * @description When a worker first claimed it.
             */
            started_at: string | null;
            /** Finished At */
            finished_at: string | null;
        };
        /**
         * ArrivalList
         * @description A page, oldest first.
         * @example {
         *       "items": [
         *         {
         *           "batch_key": "catvton/1/768x1024/20",
         *           "created_at": "2026-02-03T12:00:00.000Z",
         *           "degradable": true,
         *           "degraded": false,
         *           "engine": "catvton",
         *           "finished_at": "2026-02-03T12:00:08.750Z",
         *           "priority": 1,
         *           "rank": 0.4142,
         *           "ready_at": "2026-02-03T12:00:01.250Z",
         *           "started_at": "2026-02-03T12:00:03.500Z",
         *           "status": "completed",
         *           "tenant": "guests",
         *           "deadline_at": null
         *         }
         *       ],
         *       "next_cursor": "WyIyMDI2LTAyLTAz…"
         *     }
         */
        ArrivalList: {
            /** Items */
            items: components["schemas"]["Arrival"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * AttemptBody
         * @description One request and its answer, of which 4 KB are kept.
         */
        AttemptBody: {
            /** At */
            at: string;
            /** Seconds */
            seconds: number;
            /** Url */
            url: string;
            /** Request Headers */
            request_headers: {
                [key: string]: string;
            };
            /** Status */
            status: number | null;
            /** Answer */
            answer: string;
            /** Error */
            error: string | null;
        };
        /**
         * AuditPage
         * @description Deeds, the newest first.
         * @example {
         *       "items": [
         *         {
         *           "action": "key.create",
         *           "actor": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6",
         *           "at": "2026-02-03T12:00:00.000Z",
         *           "details": {
         *             "name": "shop server",
         *             "scopes": [
         *               "tokens"
         *             ]
         *           },
         *           "id": "aud_7c1d8a1e0b6f4f0f9d4c2b1a09f8e7d6",
         *           "request_id": "7d9f6f0f2f7c4c0e8d1b2a3c4d5e6f70",
         *           "target": "key_k3f7x0qa",
         *           "tenant": "acme",
         *           "key_id": null
         *         }
         *       ],
         *       "next_cursor": "WyIyMDI2LTAyLTAz…"
         *     }
         */
        AuditPage: {
            /** Items */
            items: components["schemas"]["DeedBody"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * BatchBody
         * @description A batch and how far it is.
         * @example {
         *       "batch_id": "bat_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *       "cost": 0.77,
         *       "counts": {
         *         "completed": 450,
         *         "failed": 2,
         *         "queued": 32,
         *         "running": 16,
         *         "waiting": 9500
         *       },
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "currency": "USD",
         *       "ends_at": "2026-02-03T12:00:00.000Z",
         *       "eta_seconds": 5900,
         *       "gpu_seconds": 1105.2,
         *       "metadata": {
         *         "season": "summer"
         *       },
         *       "status": "running",
         *       "total": 10000,
         *       "finished_at": null
         *     }
         */
        BatchBody: {
            /** Batch Id */
            batch_id: string;
            status: components["schemas"]["BatchStatus"];
            /**
             * Total
             * @description Pictures that were asked for.
             */
            total: number;
            /**
             * Counts
             * @description Items by status; `waiting` ones are not try-ons yet. Those whose photos were deleted are in none.
             */
            counts: {
                [key: string]: number;
            };
            /**
             * Gpu Seconds
             * @description Billed so far.
             */
            gpu_seconds: number;
            /**
             * Cost
             * @description Of them; null: no price is known.
             */
            cost: number | null;
            /** Currency */
            currency: string;
            /**
             * Eta Seconds
             * @description If nothing else needed the ready workers; null: none is ready.
             */
            eta_seconds: number | null;
            /** Metadata */
            metadata: {
                [key: string]: unknown;
            } | null;
            /** Created At */
            created_at: string;
            /** Ends At */
            ends_at: string;
            /** Finished At */
            finished_at: string | null;
        };
        /**
         * BatchItemBody
         * @description One picture of a batch.
         * @example {
         *       "custom_id": "look-17",
         *       "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *       "n": 17,
         *       "status": "completed",
         *       "url": "/v1/results/job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6/1",
         *       "error": null
         *     }
         */
        BatchItemBody: {
            /** N */
            n: number;
            /** Custom Id */
            custom_id: string | null;
            /**
             * Job Id
             * @description Its try-on's id, which exists once it is not `waiting` any more.
             */
            job_id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "waiting" | "queued" | "running" | "completed" | "failed" | "canceled" | "expired" | "deleted";
            error: components["schemas"]["ErrorInfo"] | null;
            /**
             * Url
             * @description Of its picture.
             */
            url: string | null;
        };
        /**
         * BatchItemList
         * @description A page of a batch's items, in their order.
         * @example {
         *       "items": [
         *         {
         *           "custom_id": "look-17",
         *           "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *           "n": 17,
         *           "status": "completed",
         *           "url": "/v1/results/job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6/1",
         *           "error": null
         *         }
         *       ],
         *       "next_cursor": "WyIyMDI2LTAyLTAz…"
         *     }
         */
        BatchItemList: {
            /** Items */
            items: components["schemas"]["BatchItemBody"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * BatchItemRequest
         * @description One picture: its photos, and what differs from the batch's options.
         * @example {
         *       "category": "upper",
         *       "custom_id": "look-17",
         *       "garment": "https://objects.example.com/proteus/derived/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/9f86d081884c7d65/cut/classic-1-auto/cut.png",
         *       "person": "https://objects.example.com/proteus/incoming/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f"
         *     }
         */
        BatchItemRequest: {
            /** @description Which garment it is; by default the tailor says. */
            category?: components["schemas"]["Category"] | null;
            /**
             * Model
             * @description Engine, see GET /v1/models; default: the deployment's.
             */
            model?: string | null;
            /**
             * Quality
             * @description Default: `balanced`.
             */
            quality?: ("fast" | "balanced" | "best" | "approximate") | null;
            /** Seed */
            seed?: number | null;
            /** Output Format */
            output_format?: ("webp" | "png" | "jpeg") | null;
            /** Person Index */
            person_index?: number | null;
            /** Metadata */
            metadata?: {
                [key: string]: string;
            } | null;
            /**
             * Expires In
             * @description Seconds until a picture is deleted, from when it is taken up.
             */
            expires_in?: number | null;
            /**
             * Person
             * @description `image_url` of the person's photo.
             */
            person: string;
            /**
             * Garment
             * @description The cut-out's address, or the `image_url` of the garment's photo.
             */
            garment: string;
            /**
             * Custom Id
             * @description Your own id of it, once in a batch; the try-on's `external_id`.
             */
            custom_id?: string | null;
        };
        /**
         * BatchList
         * @description Batches, newest first.
         * @example {
         *       "items": [
         *         {
         *           "batch_id": "bat_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *           "cost": 0.77,
         *           "counts": {
         *             "completed": 450,
         *             "failed": 2,
         *             "queued": 32,
         *             "running": 16,
         *             "waiting": 9500
         *           },
         *           "created_at": "2026-02-03T12:00:00.000Z",
         *           "currency": "USD",
         *           "ends_at": "2026-02-03T12:00:00.000Z",
         *           "eta_seconds": 5900,
         *           "gpu_seconds": 1105.2,
         *           "metadata": {
         *             "season": "summer"
         *           },
         *           "status": "running",
         *           "total": 10000,
         *           "finished_at": null
         *         }
         *       ],
         *       "next_cursor": "WyIyMDI2LTAyLTAz…"
         *     }
         */
        BatchList: {
            /** Items */
            items: components["schemas"]["BatchBody"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * BatchMessage
         * @description What is POSTed when a batch has ended. Drop what you have seen by `id`.
         */
        BatchMessage: {
            /** Id */
            id: string;
            /**
             * Type
             * @constant
             */
            type: "batch.ended";
            /** Timestamp */
            timestamp: string;
            data: components["schemas"]["BatchMessageData"];
        };
        /**
         * BatchMessageData
         * @description A batch that has ended, and what its items came to.
         */
        BatchMessageData: {
            /** Batch Id */
            batch_id: string;
            /** User Id */
            user_id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "completed" | "canceled" | "expired";
            /** At */
            at: string;
            /** Total */
            total: number;
            /** Counts */
            counts: {
                [key: string]: number;
            };
            /**
             * Metadata
             * @default {}
             */
            metadata?: {
                [key: string]: string;
            };
        } & {
            [key: string]: unknown;
        };
        /**
         * BatchOptions
         * @description Options of a batch's pictures: those of a try-on that a single picture has.
         */
        BatchOptions: {
            /** @description Which garment it is; by default the tailor says. */
            category?: components["schemas"]["Category"] | null;
            /**
             * Model
             * @description Engine, see GET /v1/models; default: the deployment's.
             */
            model?: string | null;
            /**
             * Quality
             * @description Default: `balanced`.
             */
            quality?: ("fast" | "balanced" | "best" | "approximate") | null;
            /** Seed */
            seed?: number | null;
            /** Output Format */
            output_format?: ("webp" | "png" | "jpeg") | null;
            /** Person Index */
            person_index?: number | null;
            /** Metadata */
            metadata?: {
                [key: string]: string;
            } | null;
            /**
             * Expires In
             * @description Seconds until a picture is deleted, from when it is taken up.
             */
            expires_in?: number | null;
        };
        /**
         * BatchRequest
         * @description Either `persons` and `garments`, each with each, or `items`.
         * @example {
         *       "completion_window": 86400,
         *       "garments": [
         *         "https://objects.example.com/proteus/derived/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/9f86d081884c7d65/cut/classic-1-auto/cut.png"
         *       ],
         *       "options": {
         *         "quality": "best"
         *       },
         *       "persons": [
         *         "https://objects.example.com/proteus/incoming/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f"
         *       ]
         *     }
         */
        BatchRequest: {
            /** @default {} */
            options?: components["schemas"]["BatchOptions"];
            /**
             * Completion Window
             * @description Seconds from now after which what is not made expires: a day by default, a week at most.
             * @default 86400
             */
            completion_window?: number;
            /**
             * Metadata
             * @description Your own labels of the batch; those of its pictures are in `options`.
             */
            metadata?: {
                [key: string]: string;
            } | null;
            /**
             * Dry Run
             * @description Check everything and return the estimate; nothing is stored.
             * @default false
             */
            dry_run?: boolean;
            /**
             * Persons
             * @description Photos of persons: each wears each garment.
             */
            persons?: string[] | null;
            /** Garments */
            garments?: string[] | null;
            /** Items */
            items?: components["schemas"]["BatchItemRequest"][] | null;
        };
        /**
         * BatchStatus
         * @description What has become of a batch.
         * @enum {string}
         */
        BatchStatus: "running" | "canceling" | "completed" | "canceled" | "expired";
        /** Body_upload_cloth_api_upload_cloth_post */
        Body_upload_cloth_api_upload_cloth_post: {
            /** File */
            file: string;
            /** @default auto */
            category?: components["schemas"]["Category"];
        };
        /** Body_verify_v1_verify_post */
        Body_verify_v1_verify_post: {
            /** Image */
            image: string;
        };
        /**
         * C2paMark
         * @description What the C2PA manifest says, and whether its signature holds.
         */
        C2paMark: {
            /**
             * State
             * @description `none`: no manifest. `valid`: signed by this deployment's authority, and unchanged since. `untrusted`: unchanged since, signed by somebody whose certificate this deployment does not trust. `invalid`: changed since, or broken.
             * @enum {string}
             */
            state: "none" | "valid" | "untrusted" | "invalid";
            /**
             * Signer
             * @description The name in the certificate.
             */
            signer?: string | null;
            /**
             * Development
             * @description A local stack's own certificate: it proves no identity.
             * @default false
             */
            development?: boolean;
            /**
             * Signed At
             * @description By a time stamp; null: there is none.
             */
            signed_at?: string | null;
            /** Digital Source Type */
            digital_source_type?: string | null;
            /** Engine */
            engine?: string | null;
            /** Engine Version */
            engine_version?: string | null;
            /**
             * Problems
             * @description C2PA's codes, or the library's words.
             * @default []
             */
            problems?: string[];
        };
        /**
         * CapBody
         * @description A cap, and what is used of it.
         * @example {
         *       "per_day": 3600,
         *       "per_month": 72000,
         *       "reserved": 12,
         *       "subject": "tenant:acme",
         *       "this_month": 20110.4,
         *       "today": 931.2
         *     }
         */
        CapBody: {
            /**
             * Subject
             * @description `tenant:<name>` or `key:<id>`.
             */
            subject: string;
            /** Per Day */
            per_day: number | null;
            /** Per Month */
            per_month: number | null;
            /**
             * Today
             * @description GPU seconds of today, UTC.
             */
            today: number;
            /** This Month */
            this_month: number;
            /**
             * Reserved
             * @description What its unfinished pictures are expected to use.
             */
            reserved: number;
        };
        /**
         * CapList
         * @description Caps by the names of their holders.
         * @example {
         *       "items": [
         *         {
         *           "per_day": 3600,
         *           "per_month": 72000,
         *           "reserved": 12,
         *           "subject": "tenant:acme",
         *           "this_month": 20110.4,
         *           "today": 931.2
         *         }
         *       ]
         *     }
         */
        CapList: {
            /** Items */
            items: components["schemas"]["CapBody"][];
        };
        /**
         * CapRequest
         * @description What a tenant or a key may use in GPU seconds. What is left out or null is not capped.
         * @example {
         *       "per_day": 3600,
         *       "per_month": 72000
         *     }
         */
        CapRequest: {
            /**
             * Per Day
             * @description In a day of UTC.
             */
            per_day?: number | null;
            /**
             * Per Month
             * @description In a month of UTC.
             */
            per_month?: number | null;
        };
        /**
         * Category
         * @description The kind of garment, in submits; the tailor turns `auto` into one of the others.
         * @enum {string}
         */
        Category: "auto" | "upper" | "lower" | "overall" | "dress" | "inner" | "outer" | "shoes" | "bag" | "hat";
        /**
         * CategoryScore
         * @description How likely a garment is of a category, 0..1; the scores of all categories add up to 1.
         */
        CategoryScore: {
            /**
             * Category
             * @enum {string}
             */
            category: "upper" | "lower" | "overall" | "dress" | "inner" | "outer" | "shoes" | "bag" | "hat";
            /** Score */
            score: number;
        };
        /**
         * ChangedBody
         * @description What became of the jobs that a filter found.
         * @example {
         *       "changed": 36,
         *       "matched": 37,
         *       "more": false,
         *       "skipped": [
         *         {
         *           "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *           "reason": "It needs parse seg_…, which is failed."
         *         }
         *       ]
         *     }
         */
        ChangedBody: {
            /**
             * Matched
             * @description Jobs found, `limit` of them at most; newest first.
             */
            matched: number;
            /**
             * More
             * @description There are more than `limit`.
             */
            more: boolean;
            /**
             * Changed
             * @description 0 in a dry run.
             */
            changed: number;
            /**
             * Skipped
             * @description Jobs left as they are; the first 100.
             */
            skipped: components["schemas"]["SkippedBody"][];
        };
        /**
         * ConsentBody
         * @description What is asked of you, and what you agreed to.
         * @example {
         *       "given": {
         *         "age_confirmed": true,
         *         "given_at": "2026-02-03T12:00:00.000Z",
         *         "region": "DE",
         *         "scope": [
         *           "photos"
         *         ],
         *         "version": "2026-11"
         *       },
         *       "met": true,
         *       "minimum_age": 16,
         *       "required": true,
         *       "text": "We use your photo to show you our clothes on you, and delete it after 7 days without a visit.",
         *       "version": "2026-11"
         *     }
         */
        ConsentBody: {
            /**
             * Required
             * @description The shop takes no photo of yours without it.
             */
            required: boolean;
            /**
             * Met
             * @description Photos are taken.
             */
            met: boolean;
            /** Version */
            version: string | null;
            /** Text */
            text: string | null;
            /** Minimum Age */
            minimum_age: number | null;
            given: components["schemas"]["GivenBody"] | null;
        };
        /**
         * ConsentRequest
         * @description A consent.
         * @example {
         *       "age_confirmed": true,
         *       "region": "DE",
         *       "scope": [
         *         "photos"
         *       ],
         *       "version": "2026-11"
         *     }
         */
        ConsentRequest: {
            /**
             * Version
             * @description Of the text: a new one asks everybody again.
             */
            version: string;
            /**
             * Scope
             * @default [
             *       "photos"
             *     ]
             */
            scope?: "photos"[];
            /**
             * Age Confirmed
             * @default false
             */
            age_confirmed?: boolean;
            /** Region */
            region?: string | null;
        };
        /**
         * ConsentRuleRequest
         * @description What a tenant asks of its shoppers before their first photo.
         * @example {
         *       "minimum_age": 16,
         *       "regions": [
         *         "DE",
         *         "FR"
         *       ],
         *       "text": "We use your photo to show you our clothes on you, and delete it after 7 days without a visit.",
         *       "version": "2026-11"
         *     }
         */
        ConsentRuleRequest: {
            /**
             * Version
             * @description Of the text: a new one asks everybody again.
             */
            version: string;
            /** Text */
            text: string;
            /**
             * Minimum Age
             * @description An age to confirm; null: none.
             */
            minimum_age?: number | null;
            /**
             * Regions
             * @description Where it is asked; null: everywhere. An unknown region is asked.
             */
            regions?: string[] | null;
        };
        /**
         * Correction
         * @description What the garment in a photo is, whatever the tailor guessed; `auto` returns to the guess.
         * @example {
         *       "category": "dress"
         *     }
         */
        Correction: {
            category: components["schemas"]["Category"];
        };
        /**
         * CostBody
         * @description What a picture cost.
         */
        CostBody: {
            /** Currency */
            currency: string;
            /** Weaver Hour */
            weaver_hour: number;
            /**
             * Busy Per Picture
             * @description By the engines' time alone.
             */
            busy_per_picture: number | null;
            /**
             * With Idle Per Picture
             * @description By all the time that weavers ran.
             */
            with_idle_per_picture: number | null;
        };
        /**
         * CostInfo
         * @description What a job's `gpu_seconds` cost by the deployment's price table.
         *
         *     Attributes:
         *         idle_included: Whether it carries a share of the time in which the fleet is idle.
         */
        CostInfo: {
            /** Amount */
            amount: number;
            /** Currency */
            currency: string;
            /** Idle Included */
            idle_included: boolean;
        };
        /**
         * Credentials
         * @description An email address and a password.
         * @example {
         *       "email": "ada@acme.example",
         *       "password": "correct horse battery"
         *     }
         */
        Credentials: {
            /** Email */
            email: string;
            /** Password */
            password: string;
        };
        /**
         * DeadLetter
         * @description A job, or an external payload, that no worker gets again without an operator.
         * @example {
         *       "attempts": 0,
         *       "code": "worker_lost",
         *       "crashes": 3,
         *       "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *       "message": "The worker that ran this job alone was lost 3 times.",
         *       "queue": "queue:jobs",
         *       "solo_crashes": 3
         *     }
         */
        DeadLetter: {
            /** Queue */
            queue: string;
            /** Job Id */
            job_id: string;
            /** Code */
            code: string;
            /** Message */
            message: string;
            /** Attempts */
            attempts: number;
            /** Crashes */
            crashes: number;
            /** Solo Crashes */
            solo_crashes: number;
        };
        /**
         * DeadLetters
         * @description The newest dead letters.
         * @example {
         *       "items": [
         *         {
         *           "attempts": 0,
         *           "code": "worker_lost",
         *           "crashes": 3,
         *           "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *           "message": "The worker that ran this job alone was lost 3 times.",
         *           "queue": "queue:jobs",
         *           "solo_crashes": 3
         *         }
         *       ]
         *     }
         */
        DeadLetters: {
            /** Items */
            items: components["schemas"]["DeadLetter"][];
        };
        /**
         * DecisionBody
         * @description A decision, as its arbitrator recorded it.
         * @example {
         *       "at": "2026-02-03T12:00:00.000Z",
         *       "by": "arbitrator-0",
         *       "decision": {
         *         "batch_size": 4,
         *         "mode": "VIP",
         *         "policy": "slo",
         *         "reason": "the queue is short",
         *         "state": "NORMAL"
         *       }
         *     }
         */
        DecisionBody: {
            /** At */
            at: string;
            /**
             * By
             * @description Which arbitrator.
             */
            by: string;
            /**
             * Decision
             * @description What was decided, what was seen, and `reason`. Fields grow from version to version.
             */
            decision: {
                [key: string]: unknown;
            };
        };
        /**
         * DecisionList
         * @description The newest decisions, oldest first.
         * @example {
         *       "items": [
         *         {
         *           "at": "2026-02-03T12:00:00.000Z",
         *           "by": "arbitrator-0",
         *           "decision": {
         *             "batch_size": 4,
         *             "mode": "VIP",
         *             "policy": "slo",
         *             "reason": "the queue is short",
         *             "state": "NORMAL"
         *           }
         *         }
         *       ]
         *     }
         */
        DecisionList: {
            /** Items */
            items: components["schemas"]["DecisionBody"][];
        };
        /**
         * DeedBody
         * @description What somebody did.
         * @example {
         *       "action": "key.create",
         *       "actor": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6",
         *       "at": "2026-02-03T12:00:00.000Z",
         *       "details": {
         *         "name": "shop server",
         *         "scopes": [
         *           "tokens"
         *         ]
         *       },
         *       "id": "aud_7c1d8a1e0b6f4f0f9d4c2b1a09f8e7d6",
         *       "request_id": "7d9f6f0f2f7c4c0e8d1b2a3c4d5e6f70",
         *       "target": "key_k3f7x0qa",
         *       "tenant": "acme",
         *       "key_id": null
         *     }
         */
        DeedBody: {
            /** Id */
            id: string;
            /** At */
            at: string;
            /**
             * Actor
             * @description A user's id, or `console` for a command beside the gateway.
             */
            actor: string;
            /**
             * Key Id
             * @description The API key that was used.
             */
            key_id: string | null;
            /**
             * Tenant
             * @description Whose things were changed.
             */
            tenant: string;
            /** Action */
            action: string;
            /** Target */
            target: string;
            /** Request Id */
            request_id: string;
            /** Details */
            details: {
                [key: string]: unknown;
            };
        };
        /**
         * DeliveryBody
         * @description One event for one endpoint. `delivery_id` is the header `webhook-id` of every attempt.
         * @example {
         *       "attempts": 1,
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "delivery_id": "msg_b9c0d1e2f3a4b5c63f2b8c1d5e6f47a8",
         *       "finished_at": "2026-02-03T12:00:00.000Z",
         *       "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *       "last_status": 200,
         *       "seq": 7,
         *       "state": "delivered",
         *       "type": "tryon.completed",
         *       "webhook_id": "wh_5e6f47a8b9c0d1e2f3a4b5c63f2b8c1d",
         *       "next_at": null,
         *       "last_error": null
         *     }
         */
        DeliveryBody: {
            /** Delivery Id */
            delivery_id: string;
            /** Webhook Id */
            webhook_id: string;
            /** Job Id */
            job_id: string;
            /** Seq */
            seq: number;
            /** Type */
            type: string;
            /**
             * State
             * @enum {string}
             */
            state: "pending" | "delivered" | "failed";
            /** Attempts */
            attempts: number;
            /**
             * Next At
             * @description Of a pending one: when it is tried next.
             */
            next_at: string | null;
            /** Last Status */
            last_status: number | null;
            /** Last Error */
            last_error: string | null;
            /** Created At */
            created_at: string;
            /** Finished At */
            finished_at: string | null;
        };
        /**
         * DeliveryDetail
         * @description A delivery with what is sent, and every attempt.
         * @example {
         *       "attempts": 1,
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "delivery_id": "msg_b9c0d1e2f3a4b5c63f2b8c1d5e6f47a8",
         *       "finished_at": "2026-02-03T12:00:00.000Z",
         *       "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *       "last_status": 200,
         *       "log": [
         *         {
         *           "answer": "ok",
         *           "at": "2026-02-03T12:00:00.000Z",
         *           "request_headers": {
         *             "webhook-id": "msg_b9c0d1e2f3a4b5c63f2b8c1d5e6f47a8"
         *           },
         *           "seconds": 0.21,
         *           "status": 200,
         *           "url": "https://shop.example/proteus",
         *           "error": null
         *         }
         *       ],
         *       "payload": {
         *         "data": {
         *           "status": "completed"
         *         },
         *         "seq": 7,
         *         "timestamp": "2026-02-03T12:00:00.000Z",
         *         "type": "tryon.completed"
         *       },
         *       "seq": 7,
         *       "state": "delivered",
         *       "type": "tryon.completed",
         *       "webhook_id": "wh_5e6f47a8b9c0d1e2f3a4b5c63f2b8c1d",
         *       "next_at": null,
         *       "last_error": null
         *     }
         */
        DeliveryDetail: {
            /** Delivery Id */
            delivery_id: string;
            /** Webhook Id */
            webhook_id: string;
            /** Job Id */
            job_id: string;
            /** Seq */
            seq: number;
            /** Type */
            type: string;
            /**
             * State
             * @enum {string}
             */
            state: "pending" | "delivered" | "failed";
            /** Attempts */
            attempts: number;
            /**
             * Next At
             * @description Of a pending one: when it is tried next.
             */
            next_at: string | null;
            /** Last Status */
            last_status: number | null;
            /** Last Error */
            last_error: string | null;
            /** Created At */
            created_at: string;
            /** Finished At */
            finished_at: string | null;
            /**
             * Payload
             * @description The body, but for `id`.
             */
            payload: {
                [key: string]: unknown;
            };
            /** Log */
            log: components["schemas"]["AttemptBody"][];
        };
        /**
         * DeliveryList
         * @description Deliveries, the newest first.
         * @example {
         *       "items": [
         *         {
         *           "attempts": 1,
         *           "created_at": "2026-02-03T12:00:00.000Z",
         *           "delivery_id": "msg_b9c0d1e2f3a4b5c63f2b8c1d5e6f47a8",
         *           "finished_at": "2026-02-03T12:00:00.000Z",
         *           "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *           "last_status": 200,
         *           "seq": 7,
         *           "state": "delivered",
         *           "type": "tryon.completed",
         *           "webhook_id": "wh_5e6f47a8b9c0d1e2f3a4b5c63f2b8c1d",
         *           "next_at": null,
         *           "last_error": null
         *         }
         *       ],
         *       "next_cursor": "WyIyMDI2LTAyLTAz…"
         *     }
         */
        DeliveryList: {
            /** Items */
            items: components["schemas"]["DeliveryBody"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * DepthsBody
         * @description One queue: its jobs by kind, and how long they wait.
         */
        DepthsBody: {
            /** Waiting */
            waiting: number;
            /** Running */
            running: number;
            /** Retrying */
            retrying: number;
            /** Dead */
            dead: number;
            /** Busy Workers */
            busy_workers: number;
            /** Oldest Waiting Ms */
            oldest_waiting_ms: number;
            /** Mean Wait Ms */
            mean_wait_ms: number;
            /** Parked */
            parked: number;
            /**
             * Spare Waiting
             * @description Pictures of batches that are next; no other figure counts them.
             */
            spare_waiting: number;
            /**
             * Spare Running
             * @description Pictures of batches that a worker holds, or that are tried again later.
             */
            spare_running: number;
            /** Waiting By Engine */
            waiting_by_engine: {
                [key: string]: number;
            };
        };
        /**
         * DownloadTicket
         * @description A fresh signed URL; it needs no token and soon expires.
         * @example {
         *       "download_url": "https://objects.example.com/proteus/images/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/9f86….jpg?X-Amz-Signature=…",
         *       "expires_at": "2026-02-03T12:15:00.000Z"
         *     }
         */
        DownloadTicket: {
            /** Download Url */
            download_url: string;
            /** Expires At */
            expires_at: string;
        };
        /**
         * DropRequest
         * @description Living jobs that are to be cancelled, or failed ones that are to leave the dead letters.
         * @example {
         *       "dry_run": true,
         *       "state": "queued",
         *       "tenant": "acme"
         *     }
         */
        DropRequest: {
            stage?: components["schemas"]["Stage"] | null;
            kind?: components["schemas"]["JobKind"] | null;
            /** Engine */
            engine?: string | null;
            /** Tenant */
            tenant?: string | null;
            /** User Id */
            user_id?: string | null;
            /**
             * Priority
             * @description 0 low, 1 normal, 2 high.
             */
            priority?: number | null;
            /**
             * Code
             * @description The code of the error.
             */
            code?: string | null;
            /** Since */
            since?: string | null;
            /**
             * Until
             * @description Not included.
             */
            until?: string | null;
            /**
             * Limit
             * @default 1000
             */
            limit?: number;
            /**
             * Dry Run
             * @description Count, and change nothing.
             * @default false
             */
            dry_run?: boolean;
            /**
             * State
             * @enum {string}
             */
            state: "alive" | "queued" | "running" | "failed";
        };
        /**
         * EngineBody
         * @description An engine, and the weavers that offer it.
         */
        EngineBody: {
            /** Engine */
            engine: string;
            state: components["schemas"]["Readiness"];
            /** Ready */
            ready: number;
            /** Loading */
            loading: number;
        };
        /**
         * ErrorInfo
         * @description Why a job failed: `code` for machines, `hint` for people.
         */
        ErrorInfo: {
            /** Code */
            code: string;
            /** Message */
            message: string;
            /**
             * Hint
             * @default
             */
            hint?: string;
            /**
             * Retryable
             * @default false
             */
            retryable?: boolean;
        };
        /**
         * EstimateBody
         * @description What a batch is expected to take.
         * @example {
         *       "basis": "measured",
         *       "cost": 17.01,
         *       "currency": "USD",
         *       "gpu_seconds": 24500,
         *       "pictures": 10000,
         *       "seconds": 6125,
         *       "workers": 4
         *     }
         */
        EstimateBody: {
            /** Pictures */
            pictures: number;
            /** Gpu Seconds */
            gpu_seconds: number;
            /**
             * Basis
             * @description `measured`: workers here have woven batches of each engine and quality. `assumed`: a guess.
             * @enum {string}
             */
            basis: "measured" | "assumed";
            /**
             * Workers
             * @description Ready now.
             */
            workers: number;
            /**
             * Seconds
             * @description Of these workers, if nothing else needed them; null: none is ready, and none is started for it.
             */
            seconds: number | null;
            /**
             * Cost
             * @description Of the GPU seconds, by the deployment's prices; null: there are none.
             */
            cost: number | null;
            /** Currency */
            currency: string;
        };
        /**
         * EtaBody
         * @description Seconds until done: median and 90th percentile.
         */
        EtaBody: {
            /** P50 Seconds */
            p50_seconds: number;
            /** P90 Seconds */
            p90_seconds: number;
        };
        /**
         * FiguresBody
         * @description The last minutes of the fleet.
         * @example {
         *       "cost": {
         *         "busy_per_picture": 0.0027,
         *         "currency": "USD",
         *         "weaver_hour": 2.5,
         *         "with_idle_per_picture": 0.003
         *       },
         *       "engine_seconds_per_picture": 3.9,
         *       "failures": {
         *         "engine_failed": 1
         *       },
         *       "minutes": [
         *         {
         *           "arrived": 30,
         *           "at": "2026-02-03T12:00:00.000Z",
         *           "canceled": 0,
         *           "completed": 28,
         *           "draining": 0,
         *           "expired": 0,
         *           "failed": 1,
         *           "loading": 0,
         *           "oldest_seconds": 2.1,
         *           "ready": 2,
         *           "refused": {
         *             "queue_full": 3
         *           },
         *           "running": 4,
         *           "waiting": 4,
         *           "wanted": 2
         *         }
         *       ],
         *       "parts": {
         *         "wait": {
         *           "p50": 0.4,
         *           "p95": 2.2,
         *           "p99": 3.1
         *         }
         *       },
         *       "pictures": 28,
         *       "refused": {
         *         "queue_full": 3
         *       },
         *       "versions": [
         *         {
         *           "engine": "catvton",
         *           "engine_seconds": 3.9,
         *           "pictures": 28,
         *           "quality_score": 0.82,
         *           "tried_again": 1,
         *           "version": "1+b"
         *         }
         *       ]
         *     }
         */
        FiguresBody: {
            /**
             * Pictures
             * @description Completed.
             */
            pictures: number;
            /** Engine Seconds Per Picture */
            engine_seconds_per_picture: number | null;
            /**
             * Parts
             * @description Of completed pictures; a part of none is left out.
             */
            parts: {
                [key: string]: components["schemas"]["PercentilesBody"];
            };
            /**
             * Minutes
             * @description Oldest first, without gaps; the last one is not over.
             */
            minutes: components["schemas"]["SlotBody"][];
            /**
             * Versions
             * @description Completed pictures by version of their engine.
             */
            versions: components["schemas"]["VersionBody"][];
            /**
             * Failures
             * @description Code -> failed jobs of every kind.
             */
            failures: {
                [key: string]: number;
            };
            /**
             * Refused
             * @description Code -> pictures that were refused at the submit.
             */
            refused: {
                [key: string]: number;
            };
            /** @description null where no price is set (`PRICE_WEAVER_HOUR`, `PRICE_NODE_HOURS`). */
            cost: components["schemas"]["CostBody"] | null;
        };
        /**
         * FleetBody
         * @description The weavers as a whole.
         * @example {
         *       "engines": [
         *         {
         *           "engine": "puppet",
         *           "loading": 1,
         *           "ready": 0,
         *           "state": "loading"
         *         }
         *       ],
         *       "eta": {
         *         "p50_seconds": 12.4,
         *         "p90_seconds": 18.6
         *       },
         *       "replicas": {
         *         "desired": 1,
         *         "draining": 0,
         *         "loading": 1,
         *         "ready": 0
         *       },
         *       "state": "loading",
         *       "warm_until": "2026-02-03T12:10:00.000Z"
         *     }
         */
        FleetBody: {
            /** @description `cold`: no weaver runs. `loading`: one is starting. `ready`: one takes work. */
            state: components["schemas"]["Readiness"];
            /** @description Until a weaver is ready; of a cold fleet, from the first job on. */
            eta: components["schemas"]["EtaBody"];
            /**
             * Engines
             * @description The default engine, and what weavers offer now.
             */
            engines: components["schemas"]["EngineBody"][];
            replicas: components["schemas"]["ReplicasBody"];
            /**
             * Warm Until
             * @description A weaver is kept ready until then.
             */
            warm_until?: string | null;
        };
        /**
         * FormatParameter
         * @description The values of `format`.
         * @enum {string}
         */
        FormatParameter: "auto" | "avif" | "webp" | "jpeg" | "png";
        /**
         * GarmentRequest
         * @description One garment of an outfit: its photo or its cut-out, and which layer it is.
         * @example {
         *       "category": "upper",
         *       "cloth_clean_url": "https://objects.example.com/proteus/derived/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/9f86d081884c7d65/cut/classic-1-auto/cut.png"
         *     }
         */
        GarmentRequest: {
            /**
             * Image
             * @description `image_url` of its photo, or the photo as a data URI.
             */
            image?: string | null;
            /**
             * Cloth Clean Url
             * @description In place of `image`: its cut-out's address.
             */
            cloth_clean_url?: string | null;
            /**
             * @description `outer` is worn over an upper garment. Needed where there are several garments.
             * @default auto
             */
            category?: components["schemas"]["Category"];
        };
        /**
         * GivenBody
         * @description What was agreed to.
         */
        GivenBody: {
            /** Version */
            version: string;
            /** Scope */
            scope: string[];
            /** Region */
            region: string | null;
            /** Age Confirmed */
            age_confirmed: boolean;
            /** Given At */
            given_at: string;
        };
        /**
         * GuestToken
         * @description A fresh guest.
         * @example {
         *       "access_token": "eyJhbGciOi…",
         *       "expires_in": 86400,
         *       "token_type": "Bearer",
         *       "user_id": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6"
         *     }
         */
        GuestToken: {
            /** Access Token */
            access_token: string;
            /**
             * Token Type
             * @default Bearer
             * @constant
             */
            token_type?: "Bearer";
            /** Expires In */
            expires_in: number;
            /** User Id */
            user_id: string;
        };
        /** HTTPValidationError */
        HTTPValidationError: {
            /** Detail */
            detail?: components["schemas"]["ValidationError"][];
        };
        /**
         * Happening
         * @description What happened at a moment.
         * @enum {string}
         */
        Happening: "created" | "need_ended" | "queued" | "claimed" | "event" | "ended";
        /**
         * HealthBody
         * @description Which of the servers that the gateway needs answer.
         * @example {
         *       "dependencies": {
         *         "postgres": "ok",
         *         "redis": "ok",
         *         "storage": "ok"
         *       },
         *       "status": "ok"
         *     }
         */
        HealthBody: {
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "degraded";
            /** Dependencies */
            dependencies: {
                [key: string]: "ok" | "unavailable";
            };
        };
        /**
         * ImageBody
         * @description A photo of yours; its sizes are known after ingest.
         *
         *     Attributes:
         *         category: A garment's, as you corrected it; every later `auto` means it.
         *         preparation: How far the tailor is with it, and what it found.
         * @example {
         *       "content_type": "image/jpeg",
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "height": 1024,
         *       "image_id": "img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f",
         *       "image_url": "https://objects.example.com/proteus/incoming/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f",
         *       "ingested": true,
         *       "kind": "person",
         *       "preparation": {
         *         "people": 1,
         *         "person_index": 0,
         *         "stages": {
         *           "ingest": "completed",
         *           "parse": "completed"
         *         },
         *         "status": "completed",
         *         "warnings": []
         *       },
         *       "size_bytes": 183204,
         *       "width": 768
         *     }
         */
        ImageBody: {
            /** Image Id */
            image_id: string;
            /** Image Url */
            image_url: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "person" | "garment" | "mask";
            /** Ingested */
            ingested: boolean;
            /** Content Type */
            content_type: string;
            /** Width */
            width?: number | null;
            /** Height */
            height?: number | null;
            /** Size Bytes */
            size_bytes?: number | null;
            /** Created At */
            created_at: string;
            /**
             * Expires At
             * @description When it goes, if no try-on uses it then; null: never.
             */
            expires_at?: string | null;
            category?: components["schemas"]["Category"] | null;
            /**
             * @default {
             *       "status": "none",
             *       "stages": {},
             *       "warnings": []
             *     }
             */
            preparation?: components["schemas"]["PreparationBody"];
        };
        /**
         * ImageList
         * @description A page, newest first.
         * @example {
         *       "items": [
         *         {
         *           "content_type": "image/jpeg",
         *           "created_at": "2026-02-03T12:00:00.000Z",
         *           "height": 1024,
         *           "image_id": "img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f",
         *           "image_url": "https://objects.example.com/proteus/incoming/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f",
         *           "ingested": true,
         *           "kind": "person",
         *           "preparation": {
         *             "people": 1,
         *             "person_index": 0,
         *             "stages": {
         *               "ingest": "completed",
         *               "parse": "completed"
         *             },
         *             "status": "completed",
         *             "warnings": []
         *           },
         *           "size_bytes": 183204,
         *           "width": 768
         *         }
         *       ],
         *       "next_cursor": "WyIyMDI2LTAyLTAz…"
         *     }
         */
        ImageList: {
            /** Items */
            items: components["schemas"]["ImageBody"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * IntakeBody
         * @description Whether new work is taken.
         * @example {
         *       "paused": false,
         *       "reason": "",
         *       "since": null,
         *       "by": null
         *     }
         */
        IntakeBody: {
            /** Paused */
            paused: boolean;
            /** Reason */
            reason: string;
            /**
             * Since
             * @description When it was decided; null: it was never paused.
             */
            since: string | null;
            /**
             * By
             * @description The user who decided.
             */
            by: string | null;
        };
        /**
         * IntakeRequest
         * @description Pause or resume intake.
         * @example {
         *       "paused": false,
         *       "reason": ""
         *     }
         */
        IntakeRequest: {
            /** Paused */
            paused: boolean;
            /**
             * Reason
             * @description Refused users read it.
             * @default
             */
            reason?: string;
        };
        /**
         * JobKind
         * @description The pipeline stage of a job. It decides the queue.
         * @enum {string}
         */
        JobKind: "ingest" | "cut" | "parse" | "tryon";
        /**
         * JobState
         * @description The public status. `stage` refines it.
         * @enum {string}
         */
        JobState: "queued" | "running" | "completed" | "failed" | "canceled" | "expired";
        /**
         * KeepRequest
         * @description How long a tenant's work is kept.
         * @example {
         *       "days": 30
         *     }
         */
        KeepRequest: {
            /**
             * Days
             * @description Try-ons, and photos that none uses, go so many days after they were made; null: as `RETENTION_TENANT_DAYS` says, by default never.
             */
            days: number | null;
        };
        /**
         * KeyBody
         * @description A key, without its text.
         * @example {
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "created_by": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6",
         *       "engines": [
         *         "puppet",
         *         "fashn"
         *       ],
         *       "key_id": "key_k3f7x0qa",
         *       "limits": {
         *         "submits": 600
         *       },
         *       "name": "shop server",
         *       "prefix": "pk_k3f7x0qa",
         *       "priorities": [
         *         "low",
         *         "normal"
         *       ],
         *       "scopes": [
         *         "tokens"
         *       ],
         *       "tenant": "acme",
         *       "samples_most": null,
         *       "qualities": null,
         *       "expires_at": null,
         *       "revoked_at": null,
         *       "last_used_at": null
         *     }
         */
        KeyBody: {
            /** Key Id */
            key_id: string;
            /**
             * Prefix
             * @description How the key begins.
             */
            prefix: string;
            /** Name */
            name: string;
            /** Tenant */
            tenant: string;
            /** Scopes */
            scopes: string[];
            /** Engines */
            engines: string[] | null;
            /** Samples Most */
            samples_most: number | null;
            /** Qualities */
            qualities: string[] | null;
            /** Priorities */
            priorities: string[] | null;
            /** Limits */
            limits: {
                [key: string]: number;
            };
            /** Created By */
            created_by: string;
            /** Created At */
            created_at: string;
            /** Expires At */
            expires_at: string | null;
            /** Revoked At */
            revoked_at: string | null;
            /**
             * Last Used At
             * @description To a minute.
             */
            last_used_at: string | null;
        };
        /**
         * KeyList
         * @description Keys, the newest first.
         * @example {
         *       "items": [
         *         {
         *           "created_at": "2026-02-03T12:00:00.000Z",
         *           "created_by": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6",
         *           "engines": [
         *             "puppet",
         *             "fashn"
         *           ],
         *           "key_id": "key_k3f7x0qa",
         *           "limits": {
         *             "submits": 600
         *           },
         *           "name": "shop server",
         *           "prefix": "pk_k3f7x0qa",
         *           "priorities": [
         *             "low",
         *             "normal"
         *           ],
         *           "scopes": [
         *             "tokens"
         *           ],
         *           "tenant": "acme",
         *           "samples_most": null,
         *           "qualities": null,
         *           "expires_at": null,
         *           "revoked_at": null,
         *           "last_used_at": null
         *         }
         *       ],
         *       "next_cursor": "WyIyMDI2LTAyLTAz…"
         *     }
         */
        KeyList: {
            /** Items */
            items: components["schemas"]["KeyBody"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * KeyRequest
         * @description What a new key is to be.
         * @example {
         *       "engines": [
         *         "puppet",
         *         "fashn"
         *       ],
         *       "expires_in": 7776000,
         *       "name": "shop server",
         *       "scopes": [
         *         "tokens"
         *       ]
         *     }
         */
        KeyRequest: {
            /**
             * Name
             * @description For people: where the key is used.
             */
            name: string;
            /**
             * Tenant
             * @description Administrators only; default: your own.
             */
            tenant?: string | null;
            /**
             * Scopes
             * @description `tokens`: make guests and mint browser tokens. `webhooks`: endpoints, `webhook_url`. `usage`: see what the tenant used. `priority:high`, `admin`: you must have them.
             * @default [
             *       "tokens"
             *     ]
             */
            scopes?: ("admin" | "priority:high" | "tokens" | "usage" | "webhooks")[];
            /**
             * Engines
             * @description The engines it may use; null: those of its tenant.
             */
            engines?: string[] | null;
            /**
             * Samples Most
             * @description Pictures of one try-on.
             */
            samples_most?: number | null;
            /**
             * Qualities
             * @description `fast`, `balanced`, `best`, `approximate`; null: all.
             */
            qualities?: ("fast" | "balanced" | "best" | "approximate")[] | null;
            /**
             * Priorities
             * @description `low`, `normal`, `high`, and `batch` for POST /v1/batches; null: all. `high` needs its scope, too.
             */
            priorities?: (("normal" | "high" | "low") | "batch")[] | null;
            /**
             * Limits
             * @description Units by kind, for all its callers together, beside the deployment's limits: `submits` and `uploads` a minute; `pictures_a_day` and `pictures_in_30_days`: pictures that are asked for.
             * @default {}
             */
            limits?: {
                [key: string]: number;
            };
            /**
             * Expires In
             * @description Seconds until it ends; null: when it is revoked.
             */
            expires_in?: number | null;
        };
        /**
         * LoginRequest
         * @description An email address and its password; any password may be tried.
         * @example {
         *       "email": "ada@acme.example",
         *       "password": "correct horse battery"
         *     }
         */
        LoginRequest: {
            /** Email */
            email: string;
            /** Password */
            password: string;
        };
        /**
         * MessageData
         * @description The try-on as its status and events show it, its owner, and the labels of its submit.
         */
        MessageData: {
            /** Job Id */
            job_id: string;
            /** Vton Id */
            vton_id?: string | null;
            /** User Id */
            user_id: string;
            /** Status */
            status: string;
            /** At */
            at: string;
            /**
             * Results
             * @default []
             */
            results?: {
                [key: string]: unknown;
            }[];
            /** Error */
            error?: {
                [key: string]: unknown;
            } | null;
            /**
             * Metadata
             * @default {}
             */
            metadata?: {
                [key: string]: string;
            };
        } & {
            [key: string]: unknown;
        };
        /**
         * ModelBody
         * @description One engine, and whether workers offer it.
         * @example {
         *       "allowed": true,
         *       "approximate_cost": 1,
         *       "categories": [
         *         "upper",
         *         "lower",
         *         "overall",
         *         "dress",
         *         "inner",
         *         "outer"
         *       ],
         *       "code_licence": "Apache-2.0",
         *       "commercial_terms": "yes",
         *       "commercial_use": true,
         *       "default": true,
         *       "description": "Instant preview: the cut-out warped onto the torso by a mesh, no diffusion.",
         *       "engine": "puppet",
         *       "mask_modes": [
         *         "auto",
         *         "provided"
         *       ],
         *       "shortcuts": [],
         *       "state": "ready",
         *       "training_data_note": "no training",
         *       "version": "1",
         *       "weights_licence": "none (pose landmarks: BlazePose, Apache-2.0)",
         *       "workers": 1
         *     }
         */
        ModelBody: {
            /** Engine */
            engine: string;
            /** Version */
            version: string;
            /** Description */
            description: string;
            /** Code Licence */
            code_licence: string;
            /** Weights Licence */
            weights_licence: string;
            /** Training Data Note */
            training_data_note: string;
            /**
             * Commercial Use
             * @description Commercial use is allowed without a doubt: the terms are `yes`.
             */
            commercial_use: boolean;
            /**
             * Commercial Terms
             * @description `tag_only`: the licence tag allows commercial use, but the training data puts it in doubt.
             * @enum {string}
             */
            commercial_terms: "yes" | "tag_only" | "no";
            /**
             * Allowed
             * @description The deployment's licence policy allows it, and so do your rights.
             */
            allowed: boolean;
            /**
             * Mask Modes
             * @description What a submit's `mask_mode` may be.
             */
            mask_modes: ("auto" | "provided" | "free")[];
            /**
             * Categories
             * @description What it can put on: a submit's `category` may be one of them.
             */
            categories: ("upper" | "lower" | "overall" | "dress" | "inner" | "outer" | "shoes" | "bag" | "hat")[];
            /**
             * Shortcuts
             * @description What the quality `approximate` leaves out; empty: it is made as `balanced`. The others leave out nothing.
             */
            shortcuts: string[];
            /**
             * Approximate Cost
             * @description What `approximate` computes for a picture, as a share of `balanced`: whole steps, counted and rounded, not timed.
             */
            approximate_cost: number;
            /** Default */
            default: boolean;
            /**
             * State
             * @enum {string}
             */
            state: "ready" | "loading" | "absent";
            /** Workers */
            workers: number;
        };
        /**
         * ModelList
         * @description Every engine and every parser this version knows.
         * @example {
         *       "items": [
         *         {
         *           "allowed": true,
         *           "approximate_cost": 1,
         *           "categories": [
         *             "upper",
         *             "lower",
         *             "overall",
         *             "dress",
         *             "inner",
         *             "outer"
         *           ],
         *           "code_licence": "Apache-2.0",
         *           "commercial_terms": "yes",
         *           "commercial_use": true,
         *           "default": true,
         *           "description": "Instant preview: the cut-out warped onto the torso by a mesh, no diffusion.",
         *           "engine": "puppet",
         *           "mask_modes": [
         *             "auto",
         *             "provided"
         *           ],
         *           "shortcuts": [],
         *           "state": "ready",
         *           "training_data_note": "no training",
         *           "version": "1",
         *           "weights_licence": "none (pose landmarks: BlazePose, Apache-2.0)",
         *           "workers": 1
         *         }
         *       ],
         *       "parsers": [
         *         {
         *           "allowed": true,
         *           "code_licence": "Apache-2.0",
         *           "commercial_terms": "yes",
         *           "commercial_use": true,
         *           "description": "Plain backgrounds, by geometry.",
         *           "name": "classic",
         *           "training_data_note": "no training",
         *           "weights_licence": "none"
         *         }
         *       ]
         *     }
         */
        ModelList: {
            /** Items */
            items: components["schemas"]["ModelBody"][];
            /** Parsers */
            parsers: components["schemas"]["ParserBody"][];
        };
        /**
         * MomentBody
         * @description One moment of a job.
         */
        MomentBody: {
            /** At */
            at: string;
            what: components["schemas"]["Happening"];
            /**
             * Job Id
             * @description The job, a job that it needs, or its try-on.
             */
            job_id: string;
            /**
             * Detail
             * @description State, stage, worker, error code: what is known.
             */
            detail: {
                [key: string]: unknown;
            };
        };
        /**
         * NewAccountBody
         * @description An account with a new password, which is shown here and never again.
         * @example {
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "email": "ada@acme.example",
         *       "password": "a-made-password-for-docs",
         *       "password_changed_at": "2026-02-03T12:00:00.000Z",
         *       "role": "owner",
         *       "tenant": "acme",
         *       "user_id": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6"
         *     }
         */
        NewAccountBody: {
            /** User Id */
            user_id: string;
            /** Email */
            email: string;
            /**
             * Role
             * @enum {string}
             */
            role: "user" | "owner" | "admin";
            /** Tenant */
            tenant: string;
            /** Created At */
            created_at: string;
            /** Password Changed At */
            password_changed_at: string;
            /** Password */
            password: string;
        };
        /**
         * NewKeyBody
         * @description A new key. Its text is shown here and never again.
         * @example {
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "created_by": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6",
         *       "engines": [
         *         "puppet",
         *         "fashn"
         *       ],
         *       "key": "pk_k3f7x0qa_Zm9yIGRvY3VtZW50YXRpb24gb25seSwgbm8ga2V5IQ",
         *       "key_id": "key_k3f7x0qa",
         *       "limits": {
         *         "submits": 600
         *       },
         *       "name": "shop server",
         *       "prefix": "pk_k3f7x0qa",
         *       "priorities": [
         *         "low",
         *         "normal"
         *       ],
         *       "scopes": [
         *         "tokens"
         *       ],
         *       "tenant": "acme",
         *       "samples_most": null,
         *       "qualities": null,
         *       "expires_at": null,
         *       "revoked_at": null,
         *       "last_used_at": null
         *     }
         */
        NewKeyBody: {
            /** Key Id */
            key_id: string;
            /**
             * Prefix
             * @description How the key begins.
             */
            prefix: string;
            /** Name */
            name: string;
            /** Tenant */
            tenant: string;
            /** Scopes */
            scopes: string[];
            /** Engines */
            engines: string[] | null;
            /** Samples Most */
            samples_most: number | null;
            /** Qualities */
            qualities: string[] | null;
            /** Priorities */
            priorities: string[] | null;
            /** Limits */
            limits: {
                [key: string]: number;
            };
            /** Created By */
            created_by: string;
            /** Created At */
            created_at: string;
            /** Expires At */
            expires_at: string | null;
            /** Revoked At */
            revoked_at: string | null;
            /**
             * Last Used At
             * @description To a minute.
             */
            last_used_at: string | null;
            /**
             * Key
             * @description Send it as `Authorization: Bearer …`. Keep it on your server.
             */
            key: string;
        };
        /**
         * NewWebhookBody
         * @description An endpoint with its new secret, which is shown here and never again.
         * @example {
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "created_by": "key_k3f7x0qa",
         *       "description": "orders",
         *       "enabled": true,
         *       "events": [
         *         "tryon.completed",
         *         "tryon.failed",
         *         "tryon.canceled",
         *         "tryon.expired",
         *         "batch.ended"
         *       ],
         *       "last_success_at": "2026-02-03T12:00:00.000Z",
         *       "secret": "whsec_Zm9yIGRvY3VtZW50YXRpb24gb25seSwgbm8gc2VjcmV0IQ==",
         *       "url": "https://shop.example/proteus",
         *       "webhook_id": "wh_5e6f47a8b9c0d1e2f3a4b5c63f2b8c1d",
         *       "disabled_reason": null,
         *       "disabled_at": null,
         *       "failing_since": null
         *     }
         */
        NewWebhookBody: {
            /** Webhook Id */
            webhook_id: string;
            /** Url */
            url: string | null;
            /** Description */
            description: string;
            /** Events */
            events: string[];
            /** Enabled */
            enabled: boolean;
            /**
             * Disabled Reason
             * @description `gone`: it answered 410. `failing`: five days without a success. `by_client`: you did it.
             */
            disabled_reason: ("gone" | "failing" | "by_client") | null;
            /** Disabled At */
            disabled_at: string | null;
            /** Failing Since */
            failing_since: string | null;
            /**
             * Last Success At
             * @description To a second.
             */
            last_success_at: string | null;
            /** Created By */
            created_by: string;
            /** Created At */
            created_at: string;
            /**
             * Secret
             * @description Verifies the header `webhook-signature` (Standard Webhooks).
             */
            secret: string;
        };
        /**
         * ParserBody
         * @description A parser with which a tailor may find garments and people; the operator chooses it.
         * @example {
         *       "allowed": true,
         *       "code_licence": "Apache-2.0",
         *       "commercial_terms": "yes",
         *       "commercial_use": true,
         *       "description": "Plain backgrounds, by geometry.",
         *       "name": "classic",
         *       "training_data_note": "no training",
         *       "weights_licence": "none"
         *     }
         */
        ParserBody: {
            /** Name */
            name: string;
            /** Description */
            description: string;
            /** Code Licence */
            code_licence: string;
            /** Weights Licence */
            weights_licence: string;
            /** Training Data Note */
            training_data_note: string;
            /**
             * Commercial Use
             * @description Commercial use is allowed without a doubt: the terms are `yes`.
             */
            commercial_use: boolean;
            /**
             * Commercial Terms
             * @description `tag_only`: the licence tag allows commercial use, but the training data puts it in doubt.
             * @enum {string}
             */
            commercial_terms: "yes" | "tag_only" | "no";
            /**
             * Allowed
             * @description The deployment's licence policy allows it.
             */
            allowed: boolean;
        };
        /**
         * PasswordRequest
         * @description The password of today, and the new one.
         * @example {
         *       "current_password": "correct horse battery",
         *       "new_password": "a better one: staple"
         *     }
         */
        PasswordRequest: {
            /** Current Password */
            current_password: string;
            /** New Password */
            new_password: string;
        };
        /**
         * PayloadBody
         * @description A job's element in its queue, and the worker's further input.
         */
        PayloadBody: {
            /** Element */
            element: {
                [key: string]: unknown;
            };
            /** Body */
            body: {
                [key: string]: unknown;
            };
        };
        /**
         * PercentilesBody
         * @description Seconds that half, 95 % and 99 % of the pictures stayed below.
         */
        PercentilesBody: {
            /** P50 */
            p50: number;
            /** P95 */
            p95: number;
            /** P99 */
            p99: number;
        };
        /**
         * PictureWarning
         * @description One thing that may be wrong, for machines and for people.
         */
        PictureWarning: {
            code: components["schemas"]["WarningCode"];
            /**
             * Subject
             * @enum {string}
             */
            subject: "person" | "garment" | "result";
            /** Message */
            message: string;
            /** Hint */
            hint: string;
        };
        /**
         * PreferencesBody
         * @description What you prefer; null: as the deployment does.
         */
        PreferencesBody: {
            /**
             * Engine
             * @description Where a submit names no `model`.
             */
            engine?: string | null;
            /**
             * Quality
             * @description Where a submit names no `quality`.
             */
            quality?: ("fast" | "balanced" | "best" | "approximate") | null;
            /**
             * Units
             * @description For pages that show lengths.
             */
            units?: ("metric" | "imperial") | null;
        };
        /**
         * PreparationBody
         * @description How far a photo is prepared.
         *
         *     Attributes:
         *         status: `none` until a submit or POST /v1/images/{image_id}/uploaded starts it.
         *         stages: Each job of the photo's last preparation: its state.
         *         job_id: Of a garment: the cut-out's job, for its status and its events.
         *         error: Why it failed; a photo that was refused stays refused.
         *         cut: Of a garment, once it is cut out: its address, category, confidence.
         *         people: Of a person's photo, once it is parsed: how many people it shows; null: unknown.
         *         person_index: Which of them wears the garment unless a try-on names another, from the left, 0 being the first.
         *         warnings: What may be wrong with the photo.
         * @example {
         *       "people": 1,
         *       "person_index": 0,
         *       "stages": {
         *         "ingest": "completed",
         *         "parse": "completed"
         *       },
         *       "status": "completed",
         *       "warnings": []
         *     }
         */
        PreparationBody: {
            /**
             * Status
             * @default none
             */
            status?: components["schemas"]["JobState"] | "none";
            /**
             * Stages
             * @default {}
             */
            stages?: {
                [key: string]: components["schemas"]["JobState"];
            };
            /** Job Id */
            job_id?: string | null;
            error?: components["schemas"]["ErrorInfo"] | null;
            cut?: components["schemas"]["ResultInfo"] | null;
            /** People */
            people?: number | null;
            /** Person Index */
            person_index?: number | null;
            /**
             * Warnings
             * @default []
             */
            warnings?: components["schemas"]["PictureWarning"][];
        };
        /**
         * Problem
         * @description RFC 9457 problem document; `code` is stable, `hint` names the remedy.
         * @example {
         *       "code": "upload_missing",
         *       "detail": "No picture was uploaded under this image_url yet.",
         *       "hint": "PUT the picture to upload_url first, with exactly the headers that came with it.",
         *       "request_id": "7d9f6f0f2f7c4c0e8d1b2a3c4d5e6f70",
         *       "retryable": false,
         *       "status": 409,
         *       "title": "Conflict",
         *       "type": "about:blank"
         *     }
         */
        Problem: {
            /**
             * Type
             * @default about:blank
             */
            type?: string;
            /** Title */
            title: string;
            /** Status */
            status: number;
            /** Detail */
            detail: string;
            /** Code */
            code: string;
            /** Retryable */
            retryable: boolean;
            /** Hint */
            hint: string;
            /** Request Id */
            request_id: string;
            /** Errors */
            errors?: {
                [key: string]: string;
            }[] | null;
            /** Offered */
            offered?: string[] | null;
        };
        /**
         * ProfileBody
         * @description You.
         * @example {
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "display_name": "Ada",
         *       "kind": "guest",
         *       "preferences": {
         *         "engine": "puppet",
         *         "quality": "best",
         *         "units": "metric"
         *       },
         *       "tenant": "guests",
         *       "user_id": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6",
         *       "expires_at": null
         *     }
         */
        ProfileBody: {
            /** User Id */
            user_id: string;
            /** Kind */
            kind: string;
            /** Tenant */
            tenant: string;
            /** Display Name */
            display_name: string | null;
            preferences: components["schemas"]["PreferencesBody"];
            /** Created At */
            created_at: string;
            /**
             * Expires At
             * @description When a sweep deletes you if you do not come back; null: never. Every visit moves it.
             */
            expires_at: string | null;
        };
        /**
         * ProfileChange
         * @description What to change; what is left out stays as it is.
         * @example {
         *       "display_name": "Ada",
         *       "preferences": {
         *         "engine": "puppet",
         *         "quality": "best",
         *         "units": "metric"
         *       }
         *     }
         */
        ProfileChange: {
            /** Display Name */
            display_name?: string | null;
            /** @description All of them; null: none. */
            preferences?: components["schemas"]["PreferencesBody"] | null;
        };
        /**
         * ProgressBody
         * @description Steps done and steps in all.
         */
        ProgressBody: {
            /** Step */
            step: number;
            /** Steps */
            steps: number;
        };
        /**
         * QueueBody
         * @description Both queues, for operators.
         * @example {
         *       "held": 0,
         *       "intake": {
         *         "paused": false,
         *         "reason": "",
         *         "since": null,
         *         "by": null
         *       },
         *       "queues": {
         *         "queue:jobs": {
         *           "busy_workers": 1,
         *           "dead": 0,
         *           "mean_wait_ms": 412.5,
         *           "oldest_waiting_ms": 900,
         *           "parked": 0,
         *           "retrying": 0,
         *           "running": 4,
         *           "spare_running": 0,
         *           "spare_waiting": 0,
         *           "waiting": 12,
         *           "waiting_by_engine": {
         *             "puppet": 12
         *           }
         *         }
         *       },
         *       "ruling": {
         *         "arrivals_per_second": 0.4,
         *         "batch_size": 4,
         *         "degraded_share": 0,
         *         "mode": "VIP",
         *         "policy": "slo",
         *         "reason": "the queue is short",
         *         "state": "NORMAL",
         *         "wanted_weavers": 2
         *       },
         *       "tenants": {
         *         "guests": 16
         *       },
         *       "unfinished": [
         *         {
         *           "engine": "puppet",
         *           "jobs": 12,
         *           "kind": "tryon",
         *           "priority": 1,
         *           "stage": "waiting",
         *           "status": "queued"
         *         }
         *       ],
         *       "workers": [
         *         {
         *           "batches": {
         *             "1": 3,
         *             "4": 21
         *           },
         *           "device": "cpu",
         *           "drain_requested": false,
         *           "engines": [
         *             "puppet"
         *           ],
         *           "id": "weaver-1",
         *           "measured_up_to": {
         *             "puppet/1/0x0/0": 2
         *           },
         *           "queue": "queue:jobs",
         *           "seconds_per_batch": {
         *             "puppet/1/0x0/0": {
         *               "1": 0.04,
         *               "2": 0.07
         *             }
         *           },
         *           "slots_free": 0,
         *           "slots_spare": 0,
         *           "slots_used": 4,
         *           "started_at": "2026-02-03T12:00:00.000Z",
         *           "state": "ready",
         *           "weights": {
         *             "puppet": "puppet 1"
         *           }
         *         }
         *       ]
         *     }
         */
        QueueBody: {
            /** Queues */
            queues: {
                [key: string]: components["schemas"]["DepthsBody"];
            };
            /** Held */
            held: number;
            /** Tenants */
            tenants: {
                [key: string]: number;
            };
            /** Unfinished */
            unfinished: components["schemas"]["UnfinishedBody"][];
            intake: components["schemas"]["IntakeBody"];
            ruling: components["schemas"]["RulingBody"];
            /** Workers */
            workers: components["schemas"]["WorkerBody"][];
        };
        /**
         * QueueJob
         * @description One element of a queue, as its row has it; `in_redis` as Redis has it.
         * @example {
         *       "attempts": 0,
         *       "batch_key": "puppet/1/0x0/0",
         *       "cancel_requested": false,
         *       "crashes": 0,
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "engine": "puppet",
         *       "epoch": 1,
         *       "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *       "kind": "tryon",
         *       "priority": 1,
         *       "solo_crashes": 0,
         *       "stage": "denoising",
         *       "status": "running",
         *       "tenant": "guests",
         *       "token": 1000001,
         *       "updated_at": "2026-02-03T12:00:00.000Z",
         *       "user_id": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6",
         *       "error": null
         *     }
         */
        QueueJob: {
            /** Job Id */
            job_id: string;
            kind: components["schemas"]["JobKind"];
            /** User Id */
            user_id: string;
            /** Tenant */
            tenant: string;
            status: components["schemas"]["JobState"];
            stage: components["schemas"]["Stage"] | null;
            /** Engine */
            engine: string;
            /** Batch Key */
            batch_key: string;
            /** Priority */
            priority: number;
            /** Epoch */
            epoch: number;
            /** Token */
            token: number;
            /** Attempts */
            attempts: number;
            /** Crashes */
            crashes: number;
            /** Solo Crashes */
            solo_crashes: number;
            /** Cancel Requested */
            cancel_requested: boolean;
            error: components["schemas"]["ErrorInfo"] | null;
            /** Created At */
            created_at: string;
            /** Updated At */
            updated_at: string;
            /** In Redis */
            in_redis?: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * QueueJobList
         * @description A page, newest first.
         * @example {
         *       "items": [
         *         {
         *           "attempts": 0,
         *           "batch_key": "puppet/1/0x0/0",
         *           "cancel_requested": false,
         *           "crashes": 0,
         *           "created_at": "2026-02-03T12:00:00.000Z",
         *           "engine": "puppet",
         *           "epoch": 1,
         *           "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *           "kind": "tryon",
         *           "priority": 1,
         *           "solo_crashes": 0,
         *           "stage": "denoising",
         *           "status": "running",
         *           "tenant": "guests",
         *           "token": 1000001,
         *           "updated_at": "2026-02-03T12:00:00.000Z",
         *           "user_id": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6",
         *           "error": null
         *         }
         *       ],
         *       "next_cursor": "WyIyMDI2LTAyLTAz…"
         *     }
         */
        QueueJobList: {
            /** Items */
            items: components["schemas"]["QueueJob"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * Readiness
         * @description How soon work begins.
         * @enum {string}
         */
        Readiness: "cold" | "loading" | "ready";
        /**
         * RefreshRequest
         * @description A refresh token.
         * @example {
         *       "refresh_token": "rt_b25lIG1vcmUgZXhhbXBsZSwgbm8gdG9rZW4gYXQgYWxs"
         *     }
         */
        RefreshRequest: {
            /** Refresh Token */
            refresh_token: string;
        };
        /**
         * ReplayBody
         * @description How many deliveries are sent again.
         * @example {
         *       "replayed": 12
         *     }
         */
        ReplayBody: {
            /** Replayed */
            replayed: number;
        };
        /**
         * ReplayRequest
         * @description Which deliveries are sent again, each with the id it had.
         * @example {
         *       "failed_only": true,
         *       "since": "2026-02-03T12:00:00.000Z"
         *     }
         */
        ReplayRequest: {
            /**
             * Delivery Id
             * @description This one.
             */
            delivery_id?: string | null;
            /**
             * Since
             * @description All that were written since.
             */
            since?: string | null;
            /**
             * Failed Only
             * @description Only those that were given up.
             * @default false
             */
            failed_only?: boolean;
        };
        /**
         * ReplicasBody
         * @description Counts of weavers.
         */
        ReplicasBody: {
            /** Ready */
            ready: number;
            /** Loading */
            loading: number;
            /** Draining */
            draining: number;
            /**
             * Desired
             * @description Weavers that the arbitrator wants; null where another scaler decides.
             */
            desired: number | null;
        };
        /**
         * ResultInfo
         * @description One picture of a try-on, or the cut-out of a garment.
         *
         *     Attributes:
         *         n: Counts from 1.
         *         url: Stable API address; it checks ownership and redirects to a fresh signed URL. None until completed.
         *         degraded: The engine's degraded form made it.
         *         garment: Of an outfit: which garment of the request, from 1, this picture puts on.
         *         cloth_clean_url: Of a cut-out: the address that `/api/snap` takes.
         *         categories: Of a cut-out: the likeliest first, by its shape.
         *         warnings: What may be wrong with its input pictures, and with the picture itself.
         *         quality_score: Of a picture: how good it is likely to be, 0..1; left out where nobody knows.
         *         mask_url: Of a picture whose submit said `return_mask`: like `url`, of the mask of what could change.
         *         thumbnail_url: Stable API address of the picture at 320 pixels wide, in the format that the client takes.
         *         blurhash: Of a picture or a cut-out: a blurred miniature as a short text (BlurHash), to show until it is loaded.
         */
        ResultInfo: {
            /** N */
            n: number;
            status: components["schemas"]["JobState"];
            /** Url */
            url?: string | null;
            /** Thumbnail Url */
            thumbnail_url?: string | null;
            /** Blurhash */
            blurhash?: string | null;
            /** Engine */
            engine?: string | null;
            /** Engine Version */
            engine_version?: string | null;
            /** Seed */
            seed?: number | null;
            /** Width */
            width?: number | null;
            /** Height */
            height?: number | null;
            /** Content Type */
            content_type?: string | null;
            /** Degraded */
            degraded?: boolean | null;
            /** Garment */
            garment?: number | null;
            /** Cloth Clean Url */
            cloth_clean_url?: string | null;
            /** Category */
            category?: string | null;
            /** Categories */
            categories?: components["schemas"]["CategoryScore"][] | null;
            /** Confidence */
            confidence?: number | null;
            /** Quality Score */
            quality_score?: number | null;
            /** Mask Url */
            mask_url?: string | null;
            /**
             * Warnings
             * @default []
             */
            warnings?: components["schemas"]["PictureWarning"][];
            error?: components["schemas"]["ErrorInfo"] | null;
        };
        /**
         * RetentionBody
         * @description How long this deployment keeps what. Days; null: until it is deleted.
         * @example {
         *       "address_hash_hours": 24,
         *       "audit_days": 365,
         *       "event_days": 30,
         *       "guest_idle_days": 7,
         *       "unused_upload_hours": 24,
         *       "usage_days": 400,
         *       "webhook_days": 30,
         *       "tenant_days": null
         *     }
         */
        RetentionBody: {
            /**
             * Guest Idle Days
             * @description A guest or shopper who stays away so long loses everything.
             */
            guest_idle_days: number;
            /**
             * Tenant Days
             * @description Try-ons and photos of tenants; with a token: of yours.
             */
            tenant_days: number | null;
            /** Event Days */
            event_days: number;
            /** Audit Days */
            audit_days: number;
            /**
             * Webhook Days
             * @description The log of webhooks.
             */
            webhook_days: number;
            /**
             * Usage Days
             * @description What jobs used, without their users' ids once these are deleted.
             */
            usage_days: number | null;
            /**
             * Unused Upload Hours
             * @description An upload that no try-on used.
             */
            unused_upload_hours: number;
            /**
             * Address Hash Hours
             * @description The hash of the address that made a guest.
             */
            address_hash_hours: number;
        };
        /**
         * RetryRequest
         * @description Failed jobs that are to be tried again.
         * @example {
         *       "code": "worker_lost",
         *       "dry_run": true,
         *       "engine": "puppet"
         *     }
         */
        RetryRequest: {
            stage?: components["schemas"]["Stage"] | null;
            kind?: components["schemas"]["JobKind"] | null;
            /** Engine */
            engine?: string | null;
            /** Tenant */
            tenant?: string | null;
            /** User Id */
            user_id?: string | null;
            /**
             * Priority
             * @description 0 low, 1 normal, 2 high.
             */
            priority?: number | null;
            /**
             * Code
             * @description The code of the error.
             */
            code?: string | null;
            /** Since */
            since?: string | null;
            /**
             * Until
             * @description Not included.
             */
            until?: string | null;
            /**
             * Limit
             * @default 1000
             */
            limit?: number;
            /**
             * Dry Run
             * @description Count, and change nothing.
             * @default false
             */
            dry_run?: boolean;
        };
        /**
         * RightsRequest
         * @description What a tenant may use. What is left out or null is not restricted.
         * @example {
         *       "engines": [
         *         "puppet",
         *         "fashn"
         *       ],
         *       "label": "Made with AI by Acme",
         *       "limits": {
         *         "pictures_a_day": 5000
         *       },
         *       "safety": "strict",
         *       "samples_most": 2
         *     }
         */
        RightsRequest: {
            /**
             * Engines
             * @description Names of engines, see GET /v1/models.
             */
            engines?: string[] | null;
            /**
             * Samples Most
             * @description Pictures of one try-on.
             */
            samples_most?: number | null;
            /**
             * Qualities
             * @description `fast`, `balanced`, `best`, `approximate`; null: all.
             */
            qualities?: ("fast" | "balanced" | "best" | "approximate")[] | null;
            /**
             * Priorities
             * @description `low`, `normal`, `high`, and `batch` for POST /v1/batches; null: all. `high` needs its scope, too.
             */
            priorities?: (("normal" | "high" | "low") | "batch")[] | null;
            /**
             * Limits
             * @description Units by kind, for all its callers together, beside the deployment's limits: `submits` and `uploads` a minute; `pictures_a_day` and `pictures_in_30_days`: pictures that are asked for.
             * @default {}
             */
            limits?: {
                [key: string]: number;
            };
            /**
             * Safety
             * @description How photos and results are examined, instead of the deployment's level; a level other than `off` needs the deployment's own model (docs/safety.md).
             */
            safety?: ("off" | "standard" | "strict") | null;
            /**
             * Label
             * @description The text at the lower left of results; empty: none; null: the deployment's. Its font has the printable characters of ASCII and few others: no accents, no other scripts.
             */
            label?: string | null;
        };
        /**
         * RotateRequest
         * @description How long the old key goes on.
         * @example {
         *       "grace_seconds": 86400
         *     }
         */
        RotateRequest: {
            /**
             * Grace Seconds
             * @description 0: it ends at once.
             * @default 86400
             */
            grace_seconds?: number;
        };
        /**
         * RulingBody
         * @description What the arbitrator's decision is now; the defaults hold while no arbitrator runs.
         */
        RulingBody: {
            /** Mode */
            mode: string | null;
            /** Policy */
            policy: string | null;
            /** State */
            state: string | null;
            /** Reason */
            reason: string | null;
            /** Batch Size */
            batch_size: number;
            /** Degraded Share */
            degraded_share: number;
            /**
             * Wanted Weavers
             * @description null while no arbitrator runs.
             */
            wanted_weavers: number | null;
            /** Arrivals Per Second */
            arrivals_per_second: number | null;
        };
        /**
         * SecretRotation
         * @description How long the old secret goes on.
         * @example {
         *       "grace_seconds": 86400
         *     }
         */
        SecretRotation: {
            /**
             * Grace Seconds
             * @description Meanwhile both sign every message.
             * @default 86400
             */
            grace_seconds?: number;
        };
        /**
         * SegmentRequest
         * @description A stored garment photo -> its cut-out.
         * @example {
         *       "category": "auto",
         *       "image_url": "https://objects.example.com/proteus/incoming/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f"
         *     }
         */
        SegmentRequest: {
            /** Image Url */
            image_url: string;
            /** @default auto */
            category?: components["schemas"]["Category"];
        };
        /**
         * SessionBody
         * @description What a login gives.
         * @example {
         *       "access_token": "eyJhbGciOi…",
         *       "expires_in": 900,
         *       "refresh_expires_in": 2592000,
         *       "refresh_token": "rt_b25lIG1vcmUgZXhhbXBsZSwgbm8gdG9rZW4gYXQgYWxs",
         *       "role": "user",
         *       "tenant": "acme",
         *       "token_type": "Bearer",
         *       "user_id": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6"
         *     }
         */
        SessionBody: {
            /** Access Token */
            access_token: string;
            /**
             * Token Type
             * @default Bearer
             * @constant
             */
            token_type?: "Bearer";
            /** Expires In */
            expires_in: number;
            /**
             * Refresh Token
             * @description Works once, at POST /v1/auth/refresh; its successor comes back.
             */
            refresh_token: string;
            /** Refresh Expires In */
            refresh_expires_in: number;
            /** User Id */
            user_id: string;
            /**
             * Role
             * @enum {string}
             */
            role: "user" | "owner" | "admin";
            /** Tenant */
            tenant: string;
        };
        /**
         * SkippedBody
         * @description A job that was left as it is.
         */
        SkippedBody: {
            /** Job Id */
            job_id: string;
            /** Reason */
            reason: string;
        };
        /**
         * SlotBody
         * @description One minute. What no gateway saw is null.
         */
        SlotBody: {
            /** At */
            at: string;
            /** Arrived */
            arrived: number;
            /** Completed */
            completed: number;
            /** Failed */
            failed: number;
            /** Canceled */
            canceled: number;
            /** Expired */
            expired: number;
            /**
             * Waiting
             * @description The most at a time.
             */
            waiting: number | null;
            /** Running */
            running: number | null;
            /**
             * Oldest Seconds
             * @description The longest that a waiting picture had waited.
             */
            oldest_seconds: number | null;
            /** Ready */
            ready: number | null;
            /** Loading */
            loading: number | null;
            /** Draining */
            draining: number | null;
            /**
             * Wanted
             * @description Weavers that the arbitrator requested.
             */
            wanted: number | null;
            /**
             * Refused
             * @description Code -> pictures.
             */
            refused: {
                [key: string]: number;
            };
        };
        /**
         * SnapRequest
         * @description A person's photo and a garment -> a try-on. Small photos may come as data URIs.
         * @example {
         *       "category": "upper",
         *       "cloth_clean_url": "https://objects.example.com/proteus/derived/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/9f86d081884c7d65/cut/classic-1-auto/cut.png",
         *       "seed": 42,
         *       "user_photo_url": "https://objects.example.com/proteus/incoming/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f"
         *     }
         */
        SnapRequest: {
            /**
             * @description Which garment it is; `auto` lets the tailor say.
             * @default auto
             */
            category?: components["schemas"]["Category"];
            /**
             * Model
             * @description Engine, see GET /v1/models; default: the deployment's.
             */
            model?: string | null;
            /**
             * Quality
             * @description `approximate` leaves out parts of the model's steps: sooner, and not the picture that `balanced` makes of the same seed. GET /v1/models says what each engine leaves out.
             * @default balanced
             * @enum {string}
             */
            quality?: "fast" | "balanced" | "best" | "approximate";
            /**
             * Seed
             * @description The effective seed is in the results.
             */
            seed?: number | null;
            /**
             * Num Samples
             * @default 1
             */
            num_samples?: number;
            /**
             * Output Format
             * @description Default: the engine's own.
             */
            output_format?: ("webp" | "png" | "jpeg") | null;
            /**
             * Deadline Ms
             * @description Milliseconds from now after which the picture is worthless: refused or dropped, never made late.
             */
            deadline_ms?: number | null;
            /**
             * Priority
             * @description `high` needs the scope `priority:high`; `low` waits until little else does.
             * @default normal
             * @enum {string}
             */
            priority?: "normal" | "high" | "low";
            /**
             * Person Index
             * @description Which person of the photo, from the left, 0 being the first. Default: the largest.
             */
            person_index?: number | null;
            /**
             * Mask
             * @description `image_url` of a mask of your own, uploaded with the kind `mask` and ingested: a picture of the person's photo's size; white may change, black stays.
             */
            mask?: string | null;
            /**
             * Mask Mode
             * @description `auto`: the tailor's mask; `provided`: your own; `free`: the engine may change the whole picture. GET /v1/models says what each engine can. Default: `provided` with a mask, else `auto`.
             */
            mask_mode?: ("auto" | "provided" | "free") | null;
            /**
             * Return Mask
             * @description Name the mask that was used: `mask_url` of each result, null where there was none.
             * @default false
             */
            return_mask?: boolean;
            /**
             * Metadata
             * @description Your own labels; returned with the try-on and visible to you only.
             */
            metadata?: {
                [key: string]: string;
            } | null;
            /**
             * Webhook Url
             * @description Where the ends of this try-on are sent, signed: for API keys of the scope `webhooks`, after POST /v1/webhooks with url null.
             */
            webhook_url?: string | null;
            /**
             * External Id
             * @description The try-on's id in your own system; returned, and a filter of your list. Need not be unique.
             */
            external_id?: string | null;
            /**
             * Expires In
             * @description Seconds until the try-on and its pictures are deleted.
             */
            expires_in?: number | null;
            /**
             * User Photo Url
             * @description `image_url` of the person's photo; or the photo itself, `data:image/jpeg;base64,…`; or the address of a finished picture of yours, `/v1/results/{job_id}/{n}`.
             */
            user_photo_url: string;
            /**
             * Cloth Clean Url
             * @description The cut-out's address, or the `image_url` of a garment photo: then it is cut out first; or the garment's photo itself, `data:image/jpeg;base64,…`. Left out with `garments`.
             */
            cloth_clean_url?: string | null;
            /**
             * Garments
             * @description An outfit: its garments are put on one after the other, lower, then upper, then outer ones, then shoes, bag and hat.
             */
            garments?: components["schemas"]["GarmentRequest"][] | null;
        };
        /**
         * Stage
         * @description Where a job is inside its state: the first three while queued, the last three while running.
         * @enum {string}
         */
        Stage: "held" | "preparing" | "waiting" | "fetching" | "denoising" | "storing";
        /**
         * StatusBody
         * @description A job as it is now. `position` counts from 0 = next; with `position_is_least` at least so many are ahead.
         * @example {
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "engine": "puppet",
         *       "eta": {
         *         "p50_seconds": 9.8,
         *         "p90_seconds": 14.1
         *       },
         *       "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *       "job_type": "tryon",
         *       "position": 3,
         *       "results": [
         *         {
         *           "n": 1,
         *           "status": "queued"
         *         }
         *       ],
         *       "stage": "waiting",
         *       "status": "queued",
         *       "timings": {},
         *       "vton_id": "vton_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6"
         *     }
         */
        StatusBody: {
            /** Job Id */
            job_id: string;
            /** Vton Id */
            vton_id?: string | null;
            /**
             * Job Type
             * @enum {string}
             */
            job_type: "tryon" | "segment";
            /** Status */
            status: components["schemas"]["JobState"] | "draft";
            stage?: components["schemas"]["Stage"] | null;
            /** Position */
            position?: number | null;
            /**
             * Position Is Least
             * @default false
             */
            position_is_least?: boolean;
            eta?: components["schemas"]["EtaBody"] | null;
            progress?: components["schemas"]["ProgressBody"] | null;
            /**
             * Results
             * @default []
             */
            results?: components["schemas"]["ResultInfo"][];
            error?: components["schemas"]["ErrorInfo"] | null;
            /**
             * Failed Garment
             * @description Of an outfit that ended early: which garment of the request, from 1, is missing.
             */
            failed_garment?: number | null;
            /**
             * Partial
             * @description Of such an outfit: whether the garments before it were put on; `results` has them.
             */
            partial?: boolean | null;
            /** Engine */
            engine: string;
            /** Metadata */
            metadata?: {
                [key: string]: string;
            } | null;
            /** External Id */
            external_id?: string | null;
            /** Created At */
            created_at: string;
            /** Finished At */
            finished_at?: string | null;
            /** Expires At */
            expires_at?: string | null;
            /**
             * Timings
             * @default {}
             */
            timings?: {
                [key: string]: number;
            };
            /** @description What it used; null while no attempt has ended. */
            usage?: components["schemas"]["UsageInfo"] | null;
            /** @description What that costs; null where no price is set. */
            cost?: components["schemas"]["CostInfo"] | null;
            /**
             * Cloth Clean Url
             * @description Of a completed cut-out: for /api/snap.
             */
            cloth_clean_url?: string | null;
        };
        /**
         * StatusList
         * @description A page, newest first.
         * @example {
         *       "items": [
         *         {
         *           "created_at": "2026-02-03T12:00:00.000Z",
         *           "engine": "puppet",
         *           "eta": {
         *             "p50_seconds": 9.8,
         *             "p90_seconds": 14.1
         *           },
         *           "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *           "job_type": "tryon",
         *           "position": 3,
         *           "results": [
         *             {
         *               "n": 1,
         *               "status": "queued"
         *             }
         *           ],
         *           "stage": "waiting",
         *           "status": "queued",
         *           "timings": {},
         *           "vton_id": "vton_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6"
         *         }
         *       ],
         *       "next_cursor": "WyIyMDI2LTAyLTAz…"
         *     }
         */
        StatusList: {
            /** Items */
            items: components["schemas"]["StatusBody"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * TenantBody
         * @description A tenant, and what it may use.
         * @example {
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "engines": [
         *         "puppet",
         *         "fashn"
         *       ],
         *       "label": "Made with AI by Acme",
         *       "limits": {
         *         "pictures_a_day": 5000
         *       },
         *       "priorities": [
         *         "low",
         *         "normal"
         *       ],
         *       "retention_days": 30,
         *       "safety": "strict",
         *       "samples_most": 2,
         *       "tenant": "acme",
         *       "qualities": null
         *     }
         */
        TenantBody: {
            /** Tenant */
            tenant: string;
            /** Engines */
            engines: string[] | null;
            /** Samples Most */
            samples_most: number | null;
            /** Qualities */
            qualities: string[] | null;
            /** Priorities */
            priorities: string[] | null;
            /** Limits */
            limits: {
                [key: string]: number;
            };
            /**
             * Retention Days
             * @description How long its work is kept; null: as the deployment says.
             */
            retention_days: number | null;
            /** Safety */
            safety?: string | null;
            /**
             * Label
             * @description The text on its results; null: as the deployment says.
             */
            label?: string | null;
            /** Created At */
            created_at: string;
        };
        /**
         * TenantList
         * @description Tenants, the oldest first.
         * @example {
         *       "items": [
         *         {
         *           "created_at": "2026-02-03T12:00:00.000Z",
         *           "engines": [
         *             "puppet",
         *             "fashn"
         *           ],
         *           "label": "Made with AI by Acme",
         *           "limits": {
         *             "pictures_a_day": 5000
         *           },
         *           "priorities": [
         *             "low",
         *             "normal"
         *           ],
         *           "retention_days": 30,
         *           "safety": "strict",
         *           "samples_most": 2,
         *           "tenant": "acme",
         *           "qualities": null
         *         }
         *       ],
         *       "next_cursor": "WyIyMDI2LTAyLTAz…"
         *     }
         */
        TenantList: {
            /** Items */
            items: components["schemas"]["TenantBody"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * TimelineBody
         * @description One job: its row, what its worker gets, and what happened to it.
         * @example {
         *       "job": {
         *         "attempts": 0,
         *         "batch_key": "puppet/1/0x0/0",
         *         "cancel_requested": false,
         *         "crashes": 0,
         *         "created_at": "2026-02-03T12:00:00.000Z",
         *         "engine": "puppet",
         *         "epoch": 1,
         *         "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *         "kind": "tryon",
         *         "priority": 1,
         *         "solo_crashes": 0,
         *         "stage": "denoising",
         *         "status": "running",
         *         "tenant": "guests",
         *         "token": 1000001,
         *         "updated_at": "2026-02-03T12:00:00.000Z",
         *         "user_id": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6",
         *         "error": null
         *       },
         *       "moments": [
         *         {
         *           "at": "2026-02-03T12:00:00.000Z",
         *           "detail": {
         *             "kind": "tryon"
         *           },
         *           "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *           "what": "created"
         *         }
         *       ],
         *       "needs": [],
         *       "payload": {
         *         "body": {
         *           "engine": "puppet",
         *           "n": 1
         *         },
         *         "element": {
         *           "cloth_clean_url": "https://store.example/proteus/…/cut.png",
         *           "created_at": 1770000000,
         *           "id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *           "user_photo_url": "https://store.example/proteus/…/img_….png"
         *         }
         *       }
         *     }
         */
        TimelineBody: {
            job: components["schemas"]["QueueJob"];
            /** @description null while a job that it needs is not done. */
            payload: components["schemas"]["PayloadBody"] | null;
            /** Needs */
            needs: components["schemas"]["QueueJob"][];
            /**
             * Moments
             * @description Oldest first.
             */
            moments: components["schemas"]["MomentBody"][];
        };
        /**
         * TokenBody
         * @description A token for a shopper's browser.
         * @example {
         *       "access_token": "eyJhbGciOi…",
         *       "expires_in": 900,
         *       "token_type": "Bearer",
         *       "user_id": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6"
         *     }
         */
        TokenBody: {
            /** Access Token */
            access_token: string;
            /**
             * Token Type
             * @default Bearer
             * @constant
             */
            token_type?: "Bearer";
            /** Expires In */
            expires_in: number;
            /** User Id */
            user_id: string;
        };
        /**
         * TokenRequest
         * @description For whom, for how long, and for what.
         * @example {
         *       "allowed_origins": [
         *         "https://shop.example"
         *       ],
         *       "expires_in": 900,
         *       "subject": "shopper-4711"
         *     }
         */
        TokenRequest: {
            /**
             * Subject
             * @description Your own name of the shopper: the same name is the same user each time. Without it: a new guest.
             */
            subject?: string | null;
            /**
             * Scopes
             * @description A subset of the key's.
             * @default []
             */
            scopes?: "priority:high"[];
            /**
             * Engines
             * @description The engines it may use; null: those of the key.
             */
            engines?: string[] | null;
            /**
             * Samples Most
             * @description Pictures of one try-on.
             */
            samples_most?: number | null;
            /**
             * Limits
             * @description Units by kind, for all its callers together, beside the deployment's limits: `submits` and `uploads` a minute; `pictures_a_day` and `pictures_in_30_days`: pictures that are asked for.
             * @default {}
             */
            limits?: {
                [key: string]: number;
            };
            /**
             * Allowed Origins
             * @description Only requests whose `Origin` is one of these may use it. Empty: it is not bound.
             * @default []
             */
            allowed_origins?: string[];
            /**
             * Region
             * @description The shopper's country, for the shop's rule of consent.
             */
            region?: string | null;
            /**
             * Expires In
             * @description Seconds; never beyond the key's own end.
             * @default 900
             */
            expires_in?: number;
        };
        /**
         * TransferRequest
         * @description Which VTON entry to submit.
         * @example {
         *       "vton_id": "vton_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6"
         *     }
         */
        TransferRequest: {
            /** Vton Id */
            vton_id: string;
        };
        /**
         * UnfinishedBody
         * @description Unfinished jobs of one kind, engine and priority, by where they are.
         */
        UnfinishedBody: {
            kind: components["schemas"]["JobKind"];
            /** Engine */
            engine: string;
            /**
             * Priority
             * @description 0 low, 1 normal, 2 high.
             */
            priority: number;
            status: components["schemas"]["JobState"];
            stage: components["schemas"]["Stage"] | null;
            /** Jobs */
            jobs: number;
        };
        /**
         * UploadRequest
         * @description What will be uploaded: the signed URL takes exactly this type and size.
         * @example {
         *       "content_type": "image/jpeg",
         *       "kind": "person",
         *       "size_bytes": 183204
         *     }
         */
        UploadRequest: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "person" | "garment" | "mask";
            /** Content Type */
            content_type: string;
            /** Size Bytes */
            size_bytes: number;
        };
        /**
         * UploadTicket
         * @description Where and how to PUT the photo; every route takes its `image_url`.
         * @example {
         *       "expires_at": "2026-02-03T12:15:00.000Z",
         *       "headers": {
         *         "Content-Length": "183204",
         *         "Content-Type": "image/jpeg"
         *       },
         *       "image_id": "img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f",
         *       "image_url": "https://objects.example.com/proteus/incoming/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f",
         *       "method": "PUT",
         *       "upload_url": "https://objects.example.com/proteus/incoming/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f?X-Amz-Signature=…"
         *     }
         */
        UploadTicket: {
            /** Upload Url */
            upload_url: string;
            /**
             * Method
             * @default PUT
             * @constant
             */
            method?: "PUT";
            /** Headers */
            headers: {
                [key: string]: string;
            };
            /** Image Id */
            image_id: string;
            /** Image Url */
            image_url: string;
            /** Expires At */
            expires_at: string;
        };
        /**
         * UploadedRequest
         * @description What is already known of an upload.
         * @example {
         *       "category": "auto"
         *     }
         */
        UploadedRequest: {
            /**
             * @description A garment's; kept like a correction.
             * @default auto
             */
            category?: components["schemas"]["Category"];
        };
        /**
         * UsageBody
         * @description Usage in a time, by group and in all.
         * @example {
         *       "by": [
         *         "day",
         *         "engine"
         *       ],
         *       "currency": "USD",
         *       "idle_included": false,
         *       "items": [
         *         {
         *           "attempts": 251,
         *           "cost": 0.6467,
         *           "day": "2026-02-03",
         *           "engine": "catvton",
         *           "engine_seconds": 2410.7,
         *           "gpu_seconds": 931.2,
         *           "lost_attempts": 1,
         *           "pictures": 240,
         *           "queue_seconds": 88.1,
         *           "store_seconds": 61.9,
         *           "unbilled_seconds": 6.4,
         *           "unknown_attempts": 0
         *         }
         *       ],
         *       "since": "2026-02-01T00:00:00.000Z",
         *       "total": {
         *         "attempts": 251,
         *         "cost": 0.6467,
         *         "engine_seconds": 2410.7,
         *         "gpu_seconds": 931.2,
         *         "lost_attempts": 1,
         *         "pictures": 240,
         *         "queue_seconds": 88.1,
         *         "store_seconds": 61.9,
         *         "unbilled_seconds": 6.4,
         *         "unknown_attempts": 0
         *       },
         *       "until": "2026-03-01T00:00:00.000Z",
         *       "utilisation": 1,
         *       "whose": "tenant"
         *     }
         */
        UsageBody: {
            /**
             * Whose
             * @description What you may see: your own, your tenant's, or all.
             * @enum {string}
             */
            whose: "own" | "tenant" | "all";
            /** Since */
            since: string;
            /** Until */
            until: string;
            /** By */
            by: ("day" | "tenant" | "user" | "key" | "engine")[];
            /** Currency */
            currency: string;
            /**
             * Idle Included
             * @description Whether costs carry a share of the fleet's idle time.
             */
            idle_included: boolean;
            /**
             * Utilisation
             * @description `PRICE_UTILISATION`: by how much of the paid time costs are divided.
             */
            utilisation: number;
            /** Items */
            items: components["schemas"]["UsageItem"][];
            total: components["schemas"]["UsageSumBody"];
        };
        /**
         * UsageInfo
         * @description What a job used so far, in seconds; of a try-on the sum over its pictures.
         *
         *     Attributes:
         *         gpu_seconds: The shares of the engine's steps, each divided by the pictures of its batch, of the attempts that
         *             made the picture or that the user cancelled.
         *         unbilled_seconds: The same of all other attempts (a lost worker, a failure): they are the deployment's.
         *         engine_seconds: Time that the engine, or the preparation, worked on it.
         *         queue_seconds: Time that it waited for a worker.
         *         store_seconds: Time that its worker read from and wrote to the object store.
         *         known: False: not every attempt was reported, and the sums are the least.
         */
        UsageInfo: {
            /** Gpu Seconds */
            gpu_seconds: number;
            /**
             * Unbilled Seconds
             * @default 0
             */
            unbilled_seconds?: number;
            /** Engine Seconds */
            engine_seconds: number;
            /** Queue Seconds */
            queue_seconds: number;
            /** Store Seconds */
            store_seconds: number;
            /**
             * Known
             * @default true
             */
            known?: boolean;
        };
        /**
         * UsageItem
         * @description One group; only the dimensions that were asked for are there.
         * @example {
         *       "attempts": 251,
         *       "cost": 0.6467,
         *       "day": "2026-02-03",
         *       "engine": "catvton",
         *       "engine_seconds": 2410.7,
         *       "gpu_seconds": 931.2,
         *       "lost_attempts": 1,
         *       "pictures": 240,
         *       "queue_seconds": 88.1,
         *       "store_seconds": 61.9,
         *       "unbilled_seconds": 6.4,
         *       "unknown_attempts": 0
         *     }
         */
        UsageItem: {
            /**
             * Pictures
             * @description Pictures that were made, or cancelled while they were being made.
             */
            pictures: number;
            /** Attempts */
            attempts: number;
            /**
             * Unknown Attempts
             * @description Attempts of which no worker reported the usage; they are in no sum.
             */
            unknown_attempts: number;
            /**
             * Lost Attempts
             * @description Attempts that came back: what a lost worker used after its last heartbeat is in no sum.
             */
            lost_attempts: number;
            /**
             * Gpu Seconds
             * @description Shares of the engines' steps, of pictures made or cancelled by their user.
             */
            gpu_seconds: number;
            /**
             * Unbilled Seconds
             * @description The same of all other attempts: the deployment bears them.
             */
            unbilled_seconds: number;
            /** Engine Seconds */
            engine_seconds: number;
            /** Queue Seconds */
            queue_seconds: number;
            /** Store Seconds */
            store_seconds: number;
            /**
             * Cost
             * @description Of `gpu_seconds`; null where no price was known.
             */
            cost: number | null;
            /**
             * Day
             * @description UTC, by the end of the attempt.
             */
            day?: string | null;
            /** Tenant */
            tenant?: string | null;
            /**
             * User
             * @description Empty: the user was deleted.
             */
            user?: string | null;
            /**
             * Key
             * @description The API key that submitted, or whose token did; empty: none.
             */
            key?: string | null;
            /**
             * Engine
             * @description An engine, or a preparation (`ingest`, `cut`, `parse`).
             */
            engine?: string | null;
        };
        /**
         * UsageSumBody
         * @description What some jobs used, preparations included.
         * @example {
         *       "attempts": 251,
         *       "cost": 0.6467,
         *       "engine_seconds": 2410.7,
         *       "gpu_seconds": 931.2,
         *       "lost_attempts": 1,
         *       "pictures": 240,
         *       "queue_seconds": 88.1,
         *       "store_seconds": 61.9,
         *       "unbilled_seconds": 6.4,
         *       "unknown_attempts": 0
         *     }
         */
        UsageSumBody: {
            /**
             * Pictures
             * @description Pictures that were made, or cancelled while they were being made.
             */
            pictures: number;
            /** Attempts */
            attempts: number;
            /**
             * Unknown Attempts
             * @description Attempts of which no worker reported the usage; they are in no sum.
             */
            unknown_attempts: number;
            /**
             * Lost Attempts
             * @description Attempts that came back: what a lost worker used after its last heartbeat is in no sum.
             */
            lost_attempts: number;
            /**
             * Gpu Seconds
             * @description Shares of the engines' steps, of pictures made or cancelled by their user.
             */
            gpu_seconds: number;
            /**
             * Unbilled Seconds
             * @description The same of all other attempts: the deployment bears them.
             */
            unbilled_seconds: number;
            /** Engine Seconds */
            engine_seconds: number;
            /** Queue Seconds */
            queue_seconds: number;
            /** Store Seconds */
            store_seconds: number;
            /**
             * Cost
             * @description Of `gpu_seconds`; null where no price was known.
             */
            cost: number | null;
        };
        /**
         * UserBody
         * @description A user.
         * @example {
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "expires_at": "2026-02-03T12:00:00.000Z",
         *       "kind": "guest",
         *       "last_seq": 12,
         *       "tenant": "guests",
         *       "user_id": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6"
         *     }
         */
        UserBody: {
            /** User Id */
            user_id: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "guest" | "member" | "account" | "foreign";
            /** Tenant */
            tenant: string;
            /** Display Name */
            display_name?: string | null;
            /** Last Seq */
            last_seq: number;
            /** Created At */
            created_at: string;
            /**
             * Expires At
             * @description When a guest who does not come back is deleted; every visit moves it. Null: never.
             */
            expires_at?: string | null;
        };
        /**
         * UserChange
         * @description What users may change about themselves.
         * @example {
         *       "display_name": "Ada"
         *     }
         */
        UserChange: {
            /** Display Name */
            display_name?: string | null;
        };
        /**
         * UserList
         * @description Users you may see: yourself; operators see all.
         * @example {
         *       "items": [
         *         {
         *           "created_at": "2026-02-03T12:00:00.000Z",
         *           "expires_at": "2026-02-03T12:00:00.000Z",
         *           "kind": "guest",
         *           "last_seq": 12,
         *           "tenant": "guests",
         *           "user_id": "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6"
         *         }
         *       ],
         *       "next_cursor": "WyIyMDI2LTAyLTAz…"
         *     }
         */
        UserList: {
            /** Items */
            items: components["schemas"]["UserBody"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /** ValidationError */
        ValidationError: {
            /** Location */
            loc: (string | number)[];
            /** Message */
            msg: string;
            /** Error Type */
            type: string;
            /** Input */
            input?: unknown;
            /** Context */
            ctx?: Record<string, never>;
        };
        /**
         * VariantWidth
         * @description The widths there are, in pixels: a free choice would let a client fill caches and processors.
         * @enum {integer}
         */
        VariantWidth: 160 | 320 | 480 | 768 | 1024;
        /**
         * VerifyBody
         * @description What a picture's marks say. No mark does not mean that it is a photograph.
         * @example {
         *       "c2pa": {
         *         "development": true,
         *         "digital_source_type": "compositeWithTrainedAlgorithmicMedia",
         *         "engine": "catvton",
         *         "engine_version": "1",
         *         "problems": [],
         *         "signer": "Proteus development certificate",
         *         "state": "valid"
         *       },
         *       "format": "webp",
         *       "height": 1024,
         *       "width": 768,
         *       "xmp": {
         *         "digital_source_type": "compositeWithTrainedAlgorithmicMedia",
         *         "engine": "catvton",
         *         "engine_version": "1"
         *       }
         *     }
         */
        VerifyBody: {
            /** Format */
            format: string;
            /** Width */
            width: number;
            /** Height */
            height: number;
            xmp?: components["schemas"]["XmpMark"] | null;
            c2pa: components["schemas"]["C2paMark"];
        };
        /**
         * VersionBody
         * @description What one version of an engine made.
         */
        VersionBody: {
            /** Engine */
            engine: string;
            /**
             * Version
             * @description As results name it; empty: unknown.
             */
            version: string;
            /** Pictures */
            pictures: number;
            /**
             * Engine Seconds
             * @description The engine's time for a picture, on average.
             */
            engine_seconds: number | null;
            /**
             * Quality Score
             * @description On average.
             */
            quality_score: number | null;
            /**
             * Tried Again
             * @description Pictures that had failed before, on this version or another.
             */
            tried_again: number;
        };
        /**
         * VtonBody
         * @description A VTON entry: its inputs, and its try-on's status.
         * @example {
         *       "cloth_clean_url": "https://objects.example.com/proteus/derived/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/9f86d081884c7d65/cut/classic-1-auto/cut.png",
         *       "cloth_image_url": "https://objects.example.com/proteus/incoming/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/img_1f0e…",
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "engine": "puppet",
         *       "eta": {
         *         "p50_seconds": 9.8,
         *         "p90_seconds": 14.1
         *       },
         *       "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *       "job_type": "tryon",
         *       "options": {
         *         "category": "upper",
         *         "engine": "puppet",
         *         "num_samples": 1,
         *         "quality": "balanced",
         *         "seed": 42
         *       },
         *       "position": 3,
         *       "results": [
         *         {
         *           "n": 1,
         *           "status": "queued"
         *         }
         *       ],
         *       "stage": "waiting",
         *       "status": "queued",
         *       "timings": {},
         *       "user_photo_url": "https://objects.example.com/proteus/incoming/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f",
         *       "vton_id": "vton_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6"
         *     }
         */
        VtonBody: {
            /** Job Id */
            job_id: string;
            /** Vton Id */
            vton_id?: string | null;
            /**
             * Job Type
             * @enum {string}
             */
            job_type: "tryon" | "segment";
            /** Status */
            status: components["schemas"]["JobState"] | "draft";
            stage?: components["schemas"]["Stage"] | null;
            /** Position */
            position?: number | null;
            /**
             * Position Is Least
             * @default false
             */
            position_is_least?: boolean;
            eta?: components["schemas"]["EtaBody"] | null;
            progress?: components["schemas"]["ProgressBody"] | null;
            /**
             * Results
             * @default []
             */
            results?: components["schemas"]["ResultInfo"][];
            error?: components["schemas"]["ErrorInfo"] | null;
            /**
             * Failed Garment
             * @description Of an outfit that ended early: which garment of the request, from 1, is missing.
             */
            failed_garment?: number | null;
            /**
             * Partial
             * @description Of such an outfit: whether the garments before it were put on; `results` has them.
             */
            partial?: boolean | null;
            /** Engine */
            engine: string;
            /** Metadata */
            metadata?: {
                [key: string]: string;
            } | null;
            /** External Id */
            external_id?: string | null;
            /** Created At */
            created_at: string;
            /** Finished At */
            finished_at?: string | null;
            /** Expires At */
            expires_at?: string | null;
            /**
             * Timings
             * @default {}
             */
            timings?: {
                [key: string]: number;
            };
            /** @description What it used; null while no attempt has ended. */
            usage?: components["schemas"]["UsageInfo"] | null;
            /** @description What that costs; null where no price is set. */
            cost?: components["schemas"]["CostInfo"] | null;
            /**
             * Cloth Clean Url
             * @description Of a completed cut-out: for /api/snap.
             */
            cloth_clean_url?: string | null;
            /** User Photo Url */
            user_photo_url: string;
            /** Cloth Image Url */
            cloth_image_url: string;
            /** Options */
            options: {
                [key: string]: unknown;
            };
        };
        /**
         * VtonChange
         * @description Labels of a VTON entry.
         * @example {
         *       "metadata": {
         *         "look": "summer"
         *       }
         *     }
         */
        VtonChange: {
            /** Metadata */
            metadata?: {
                [key: string]: string;
            } | null;
        };
        /**
         * VtonList
         * @description A page, newest first.
         * @example {
         *       "items": [
         *         {
         *           "cloth_clean_url": "https://objects.example.com/proteus/derived/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/9f86d081884c7d65/cut/classic-1-auto/cut.png",
         *           "cloth_image_url": "https://objects.example.com/proteus/incoming/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/img_1f0e…",
         *           "created_at": "2026-02-03T12:00:00.000Z",
         *           "engine": "puppet",
         *           "eta": {
         *             "p50_seconds": 9.8,
         *             "p90_seconds": 14.1
         *           },
         *           "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
         *           "job_type": "tryon",
         *           "options": {
         *             "category": "upper",
         *             "engine": "puppet",
         *             "num_samples": 1,
         *             "quality": "balanced",
         *             "seed": 42
         *           },
         *           "position": 3,
         *           "results": [
         *             {
         *               "n": 1,
         *               "status": "queued"
         *             }
         *           ],
         *           "stage": "waiting",
         *           "status": "queued",
         *           "timings": {},
         *           "user_photo_url": "https://objects.example.com/proteus/incoming/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f",
         *           "vton_id": "vton_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6"
         *         }
         *       ],
         *       "next_cursor": "WyIyMDI2LTAyLTAz…"
         *     }
         */
        VtonList: {
            /** Items */
            items: components["schemas"]["VtonBody"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * VtonRequest
         * @description A VTON entry to keep; POST /catvton/transferOutfit submits it.
         * @example {
         *       "category": "upper",
         *       "cloth_clean_url": "https://objects.example.com/proteus/derived/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/9f86d081884c7d65/cut/classic-1-auto/cut.png",
         *       "seed": 42,
         *       "user_photo_url": "https://objects.example.com/proteus/incoming/user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6/img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f"
         *     }
         */
        VtonRequest: {
            /**
             * @description Which garment it is; `auto` lets the tailor say.
             * @default auto
             */
            category?: components["schemas"]["Category"];
            /**
             * Model
             * @description Engine, see GET /v1/models; default: the deployment's.
             */
            model?: string | null;
            /**
             * Quality
             * @description `approximate` leaves out parts of the model's steps: sooner, and not the picture that `balanced` makes of the same seed. GET /v1/models says what each engine leaves out.
             * @default balanced
             * @enum {string}
             */
            quality?: "fast" | "balanced" | "best" | "approximate";
            /**
             * Seed
             * @description The effective seed is in the results.
             */
            seed?: number | null;
            /**
             * Num Samples
             * @default 1
             */
            num_samples?: number;
            /**
             * Output Format
             * @description Default: the engine's own.
             */
            output_format?: ("webp" | "png" | "jpeg") | null;
            /**
             * Deadline Ms
             * @description Milliseconds from now after which the picture is worthless: refused or dropped, never made late.
             */
            deadline_ms?: number | null;
            /**
             * Priority
             * @description `high` needs the scope `priority:high`; `low` waits until little else does.
             * @default normal
             * @enum {string}
             */
            priority?: "normal" | "high" | "low";
            /**
             * Person Index
             * @description Which person of the photo, from the left, 0 being the first. Default: the largest.
             */
            person_index?: number | null;
            /**
             * Mask
             * @description `image_url` of a mask of your own, uploaded with the kind `mask` and ingested: a picture of the person's photo's size; white may change, black stays.
             */
            mask?: string | null;
            /**
             * Mask Mode
             * @description `auto`: the tailor's mask; `provided`: your own; `free`: the engine may change the whole picture. GET /v1/models says what each engine can. Default: `provided` with a mask, else `auto`.
             */
            mask_mode?: ("auto" | "provided" | "free") | null;
            /**
             * Return Mask
             * @description Name the mask that was used: `mask_url` of each result, null where there was none.
             * @default false
             */
            return_mask?: boolean;
            /**
             * Metadata
             * @description Your own labels; returned with the try-on and visible to you only.
             */
            metadata?: {
                [key: string]: string;
            } | null;
            /**
             * Webhook Url
             * @description Where the ends of this try-on are sent, signed: for API keys of the scope `webhooks`, after POST /v1/webhooks with url null.
             */
            webhook_url?: string | null;
            /**
             * External Id
             * @description The try-on's id in your own system; returned, and a filter of your list. Need not be unique.
             */
            external_id?: string | null;
            /**
             * Expires In
             * @description Seconds until the try-on and its pictures are deleted.
             */
            expires_in?: number | null;
            /**
             * User Photo Url
             * @description `image_url` of the person's photo.
             */
            user_photo_url: string;
            /**
             * Cloth Clean Url
             * @description The cut-out's address, or the `image_url` of a garment photo: then it is cut out first.
             */
            cloth_clean_url: string;
        };
        /**
         * WarmRequest
         * @description How long to keep a weaver ready.
         * @example {
         *       "minutes": 10
         *     }
         */
        WarmRequest: {
            /**
             * Minutes
             * @default 10
             */
            minutes?: number;
        };
        /**
         * WarningCode
         * @description What may be wrong with a picture that was accepted nevertheless; `picture_warnings` has the words.
         * @enum {string}
         */
        WarningCode: "several_garments" | "garment_cropped" | "garment_rotated" | "garment_folded" | "no_garment_shape" | "garment_worn" | "cutout_uncertain" | "category_uncertain" | "several_people" | "person_cropped" | "person_turned" | "pose_uncertain" | "low_light" | "blurred" | "low_resolution" | "sleeves_not_placed" | "garment_hidden" | "engine_replaced";
        /**
         * WebhookBody
         * @description An endpoint, without its secret.
         * @example {
         *       "created_at": "2026-02-03T12:00:00.000Z",
         *       "created_by": "key_k3f7x0qa",
         *       "description": "orders",
         *       "enabled": true,
         *       "events": [
         *         "tryon.completed",
         *         "tryon.failed",
         *         "tryon.canceled",
         *         "tryon.expired",
         *         "batch.ended"
         *       ],
         *       "last_success_at": "2026-02-03T12:00:00.000Z",
         *       "url": "https://shop.example/proteus",
         *       "webhook_id": "wh_5e6f47a8b9c0d1e2f3a4b5c63f2b8c1d",
         *       "disabled_reason": null,
         *       "disabled_at": null,
         *       "failing_since": null
         *     }
         */
        WebhookBody: {
            /** Webhook Id */
            webhook_id: string;
            /** Url */
            url: string | null;
            /** Description */
            description: string;
            /** Events */
            events: string[];
            /** Enabled */
            enabled: boolean;
            /**
             * Disabled Reason
             * @description `gone`: it answered 410. `failing`: five days without a success. `by_client`: you did it.
             */
            disabled_reason: ("gone" | "failing" | "by_client") | null;
            /** Disabled At */
            disabled_at: string | null;
            /** Failing Since */
            failing_since: string | null;
            /**
             * Last Success At
             * @description To a second.
             */
            last_success_at: string | null;
            /** Created By */
            created_by: string;
            /** Created At */
            created_at: string;
        };
        /**
         * WebhookChange
         * @description What is to change of an endpoint.
         * @example {
         *       "enabled": true
         *     }
         */
        WebhookChange: {
            /** Url */
            url?: string | null;
            /** Events */
            events?: (("tryon.started" | "tryon.completed" | "tryon.failed" | "tryon.canceled" | "tryon.expired") | "batch.ended")[] | null;
            /** Description */
            description?: string | null;
            /**
             * Enabled
             * @description false: what it has still to get is given up.
             */
            enabled?: boolean | null;
        };
        /**
         * WebhookList
         * @description Endpoints, the newest first.
         * @example {
         *       "items": [
         *         {
         *           "created_at": "2026-02-03T12:00:00.000Z",
         *           "created_by": "key_k3f7x0qa",
         *           "description": "orders",
         *           "enabled": true,
         *           "events": [
         *             "tryon.completed",
         *             "tryon.failed",
         *             "tryon.canceled",
         *             "tryon.expired",
         *             "batch.ended"
         *           ],
         *           "last_success_at": "2026-02-03T12:00:00.000Z",
         *           "url": "https://shop.example/proteus",
         *           "webhook_id": "wh_5e6f47a8b9c0d1e2f3a4b5c63f2b8c1d",
         *           "disabled_reason": null,
         *           "disabled_at": null,
         *           "failing_since": null
         *         }
         *       ],
         *       "next_cursor": "WyIyMDI2LTAyLTAz…"
         *     }
         */
        WebhookList: {
            /** Items */
            items: components["schemas"]["WebhookBody"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * WebhookMessage
         * @description What is POSTed. Drop what you have seen by `id`; `seq` orders the events of one user.
         */
        WebhookMessage: {
            /** Id */
            id: string;
            /**
             * Type
             * @enum {string}
             */
            type: "tryon.started" | "tryon.completed" | "tryon.failed" | "tryon.canceled" | "tryon.expired";
            /** Timestamp */
            timestamp: string;
            /** Seq */
            seq: number;
            data: components["schemas"]["MessageData"];
        };
        /**
         * WebhookRequest
         * @description What a new endpoint is to be.
         * @example {
         *       "events": [
         *         "tryon.completed",
         *         "tryon.failed"
         *       ],
         *       "url": "https://shop.example/proteus"
         *     }
         */
        WebhookRequest: {
            /**
             * Url
             * @description https, port 443, public. null: it has no address, and signs for the `webhook_url` of try-ons.
             */
            url: string | null;
            /**
             * Events
             * @description Which events it gets.
             * @default [
             *       "tryon.completed",
             *       "tryon.failed",
             *       "tryon.canceled",
             *       "tryon.expired",
             *       "batch.ended"
             *     ]
             */
            events?: (("tryon.started" | "tryon.completed" | "tryon.failed" | "tryon.canceled" | "tryon.expired") | "batch.ended")[];
            /**
             * Description
             * @default
             */
            description?: string;
        };
        /**
         * WhatIfBody
         * @description What that fleet would do.
         * @example {
         *       "batch": 4,
         *       "batch_seconds": 2.1,
         *       "cost_per_picture": 0.0028,
         *       "currency": "USD",
         *       "drain_seconds": 1.8,
         *       "eta_of_empty_queue": {
         *         "p50_seconds": 0.9,
         *         "p90_seconds": 1.2
         *       },
         *       "eta_of_this_queue": {
         *         "p50_seconds": 2.9,
         *         "p90_seconds": 3.4
         *       },
         *       "measured": true,
         *       "pictures_per_minute": 457.1,
         *       "utilisation": 0.13,
         *       "waiting": 12,
         *       "weavers_needed": 1
         *     }
         */
        WhatIfBody: {
            /**
             * Measured
             * @description Your weavers measured such batches; else the times are guesses.
             */
            measured: boolean;
            /** Waiting */
            waiting: number;
            /**
             * Batch
             * @description Pictures at once: the smallest number that pays.
             */
            batch: number;
            /** Batch Seconds */
            batch_seconds: number;
            /**
             * Pictures Per Minute
             * @description What the fleet makes with enough work.
             */
            pictures_per_minute: number;
            /**
             * Utilisation
             * @description Share of that which the arrivals need; null without a weaver.
             */
            utilisation: number | null;
            /**
             * Weavers Needed
             * @description For those arrivals at four fifths of the capacity.
             */
            weavers_needed: number;
            /** @description null: never. */
            eta_of_empty_queue: components["schemas"]["EtaBody"] | null;
            eta_of_this_queue: components["schemas"]["EtaBody"] | null;
            /**
             * Drain Seconds
             * @description Until nothing waits any more; null: never.
             */
            drain_seconds: number | null;
            /** Currency */
            currency: string;
            /**
             * Cost Per Picture
             * @description null without a price or arrivals.
             */
            cost_per_picture: number | null;
        };
        /**
         * WhatIfRequest
         * @description A fleet that you imagine, and its load.
         * @example {
         *       "arrivals_per_minute": 60,
         *       "batch_size": 4,
         *       "engine": "puppet",
         *       "weavers": 4
         *     }
         */
        WhatIfRequest: {
            /** Engine */
            engine: string;
            /**
             * Quality
             * @default balanced
             * @enum {string}
             */
            quality?: "fast" | "balanced" | "best" | "approximate";
            /** Weavers */
            weavers: number;
            /**
             * Batch Size
             * @default 1
             */
            batch_size?: number;
            /**
             * Degraded Share
             * @default 0
             */
            degraded_share?: number;
            /** Arrivals Per Minute */
            arrivals_per_minute: number;
            /**
             * Waiting
             * @description null: what waits now.
             */
            waiting?: number | null;
        };
        /**
         * WorkerBody
         * @description A tailor or a weaver, as it describes itself.
         */
        WorkerBody: {
            /** Id */
            id: string;
            /**
             * Queue
             * @description `queue:jobs`: a weaver. `tailorJob`: a tailor.
             */
            queue: string;
            state: components["schemas"]["WorkerState"];
            /** Engines */
            engines: string[];
            /**
             * Weights
             * @description Engine -> its weights.
             */
            weights: {
                [key: string]: string;
            };
            /** Device */
            device: string;
            /** Slots Used */
            slots_used: number;
            /** Slots Free */
            slots_free: number;
            /**
             * Slots Spare
             * @description Pictures of batches that it holds; they make way for any other.
             */
            slots_spare: number;
            /** Started At */
            started_at: string | null;
            /**
             * Seconds Per Batch
             * @description Batch key -> size of a batch -> seconds that it takes.
             */
            seconds_per_batch: {
                [key: string]: {
                    [key: string]: number;
                };
            };
            /**
             * Measured Up To
             * @description Batch key -> the largest batch whose time was measured; beyond it the times are guesses.
             */
            measured_up_to: {
                [key: string]: number;
            } | null;
            /**
             * Batches
             * @description Size of a batch -> batches begun since the worker started.
             */
            batches: {
                [key: string]: number;
            };
            /**
             * Drain Requested
             * @description An operator wants it to take no more jobs.
             */
            drain_requested: boolean;
        };
        /**
         * WorkerState
         * @description What a worker is doing: its worker status.
         * @enum {string}
         */
        WorkerState: "loading" | "ready" | "draining";
        /**
         * XmpMark
         * @description What the XMP says; anybody can write it.
         */
        XmpMark: {
            /**
             * Digital Source Type
             * @description IPTC's term, such as `compositeWithTrainedAlgorithmicMedia`.
             */
            digital_source_type: string;
            /** Engine */
            engine?: string | null;
            /** Engine Version */
            engine_version?: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_tryons_v1_tryons_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
                /** @description Only those of this status. */
                status?: components["schemas"]["JobState"] | null;
                /** @description Made then or later. */
                created_after?: string | null;
                /** @description Made before. */
                created_before?: string | null;
                /** @description With this id of your own. */
                external_id?: string | null;
                /** @description Only those with these labels: `metadata[look]=summer`. */
                metadata?: {
                    [key: string]: string;
                };
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    snap_v1_tryons_post: {
        parameters: {
            query?: {
                /** @description Seconds to wait for the end (long poll). */
                wait?: number | null;
            };
            header?: {
                /** @description `deadline_ms` as a duration, from 100ms to 24h: seconds (`90`) or units (`1m30s`). What is late is dropped with `deadline_exceeded`. */
                "Cancel-After"?: string | null;
                /** @description Repeat a submit safely for 24 hours. */
                "Idempotency-Key"?: string | null;
                /** @description `wait=N`: answer when the job has ended, N seconds at most. */
                prefer?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SnapRequest"];
                "multipart/form-data": {
                    /**
                     * Category
                     * @description The kind of garment, in submits; the tailor turns `auto` into one of the others.
                     * @enum {string}
                     */
                    category?: "auto" | "upper" | "lower" | "overall" | "dress" | "inner" | "outer" | "shoes" | "bag" | "hat";
                    /**
                     * Model
                     * @description Engine, see GET /v1/models; default: the deployment's.
                     */
                    model?: string | null;
                    /**
                     * Quality
                     * @description `approximate` leaves out parts of the model's steps: sooner, and not the picture that `balanced` makes of the same seed. GET /v1/models says what each engine leaves out.
                     * @default balanced
                     * @enum {string}
                     */
                    quality?: "fast" | "balanced" | "best" | "approximate";
                    /**
                     * Seed
                     * @description The effective seed is in the results.
                     */
                    seed?: number | null;
                    /**
                     * Num Samples
                     * @default 1
                     */
                    num_samples?: number;
                    /**
                     * Output Format
                     * @description Default: the engine's own.
                     */
                    output_format?: ("webp" | "png" | "jpeg") | null;
                    /**
                     * Deadline Ms
                     * @description Milliseconds from now after which the picture is worthless: refused or dropped, never made late.
                     */
                    deadline_ms?: number | null;
                    /**
                     * Priority
                     * @description `high` needs the scope `priority:high`; `low` waits until little else does.
                     * @default normal
                     * @enum {string}
                     */
                    priority?: "normal" | "high" | "low";
                    /**
                     * Person Index
                     * @description Which person of the photo, from the left, 0 being the first. Default: the largest.
                     */
                    person_index?: number | null;
                    /**
                     * Mask
                     * @description `image_url` of a mask of your own, uploaded with the kind `mask` and ingested: a picture of the person's photo's size; white may change, black stays.
                     */
                    mask?: string | null;
                    /**
                     * Mask Mode
                     * @description `auto`: the tailor's mask; `provided`: your own; `free`: the engine may change the whole picture. GET /v1/models says what each engine can. Default: `provided` with a mask, else `auto`.
                     */
                    mask_mode?: ("auto" | "provided" | "free") | null;
                    /**
                     * Return Mask
                     * @description Name the mask that was used: `mask_url` of each result, null where there was none.
                     * @default false
                     */
                    return_mask?: boolean;
                    /**
                     * Metadata
                     * @description Your own labels; returned with the try-on and visible to you only.
                     */
                    metadata?: {
                        [key: string]: string;
                    } | null;
                    /**
                     * Webhook Url
                     * @description Where the ends of this try-on are sent, signed: for API keys of the scope `webhooks`, after POST /v1/webhooks with url null.
                     */
                    webhook_url?: string | null;
                    /**
                     * External Id
                     * @description The try-on's id in your own system; returned, and a filter of your list. Need not be unique.
                     */
                    external_id?: string | null;
                    /**
                     * Expires In
                     * @description Seconds until the try-on and its pictures are deleted.
                     */
                    expires_in?: number | null;
                    /**
                     * Person
                     * @description The person's photo.
                     */
                    person?: string | null;
                    /**
                     * Garment
                     * @description The garment's photo.
                     */
                    garment?: string | null;
                    /**
                     * User Photo Url
                     * @description In place of `person`: its `image_url`.
                     */
                    user_photo_url?: string | null;
                    /**
                     * Cloth Clean Url
                     * @description In place of `garment`: a cut-out's address, or a garment photo's `image_url`.
                     */
                    cloth_clean_url?: string | null;
                };
            };
        };
        responses: {
            /** @description It ended within the time that the request was willing to wait. */
            200: {
                headers: {
                    /** @description Where its status is. */
                    Location: string;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description It is accepted and has not ended. */
            202: {
                headers: {
                    /** @description Where its status is. */
                    Location: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    snap_api_snap_post: {
        parameters: {
            query?: {
                /** @description Seconds to wait for the end (long poll). */
                wait?: number | null;
            };
            header?: {
                /** @description `deadline_ms` as a duration, from 100ms to 24h: seconds (`90`) or units (`1m30s`). What is late is dropped with `deadline_exceeded`. */
                "Cancel-After"?: string | null;
                /** @description Repeat a submit safely for 24 hours. */
                "Idempotency-Key"?: string | null;
                /** @description `wait=N`: answer when the job has ended, N seconds at most. */
                prefer?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SnapRequest"];
            };
        };
        responses: {
            /** @description It ended within the time that the request was willing to wait. */
            200: {
                headers: {
                    /** @description Where its status is. */
                    Location: string;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description It is accepted and has not ended. */
            202: {
                headers: {
                    /** @description Where its status is. */
                    Location: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    status_v1_tryons__job_id__get: {
        parameters: {
            query?: {
                /** @description Seconds to wait for the end (long poll). */
                wait?: number | null;
            };
            header?: {
                /** @description The `ETag` of the answer that you have: 304 if nothing has changed. */
                "If-None-Match"?: string | null;
                /** @description `wait=N`: answer when the job has ended, N seconds at most. */
                prefer?: string | null;
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As it is now. */
            200: {
                headers: {
                    /** @description Names this answer: send it as `If-None-Match` the next time. */
                    ETag: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description Nothing has changed since the answer that `If-None-Match` names. */
            304: {
                headers: {
                    /** @description Names this answer: send it as `If-None-Match` the next time. */
                    ETag: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_tryon_v1_tryons__job_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    status_api_status__job_id__get: {
        parameters: {
            query?: {
                /** @description Seconds to wait for the end (long poll). */
                wait?: number | null;
            };
            header?: {
                /** @description The `ETag` of the answer that you have: 304 if nothing has changed. */
                "If-None-Match"?: string | null;
                /** @description `wait=N`: answer when the job has ended, N seconds at most. */
                prefer?: string | null;
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As it is now. */
            200: {
                headers: {
                    /** @description Names this answer: send it as `If-None-Match` the next time. */
                    ETag: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description Nothing has changed since the answer that `If-None-Match` names. */
            304: {
                headers: {
                    /** @description Names this answer: send it as `If-None-Match` the next time. */
                    ETag: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    result_v1_results__job_id___n__get: {
        parameters: {
            query?: {
                /** @description A variant of this width in pixels; narrower results stay as wide. */
                w?: components["schemas"]["VariantWidth"] | null;
                /** @description A variant in this format. `auto`: AVIF or WebP if `Accept` names them, else JPEG. */
                format?: components["schemas"]["FormatParameter"] | null;
                /** @description A variant of this quality; left out: `normal`. */
                q?: ("low" | "normal" | "high") | null;
                /** @description Have browsers save it instead of showing it. */
                download?: boolean;
            };
            header?: {
                accept?: string;
            };
            path: {
                job_id: string;
                n: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description With `Accept: application/json`: `{download_url, expires_at}`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DownloadTicket"];
                };
            };
            /** @description Successful Response */
            302: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    mask_v1_results__job_id___n__mask_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
                n: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DownloadTicket"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    guest_v1_auth_guest_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuestToken"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    register_v1_auth_register_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    login_v1_auth_login_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    refresh_v1_auth_refresh_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefreshRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    logout_v1_auth_logout_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    password_v1_auth_password_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    presigned_up_url_images_presignedUpUrl_get: {
        parameters: {
            query: {
                kind: "person" | "garment" | "mask";
                content_type: string;
                size_bytes: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadTicket"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_upload_v1_uploads_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UploadRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadTicket"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    presigned_download_url_images_presignedDownloadUrl_get: {
        parameters: {
            query: {
                image_id: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DownloadTicket"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_images_v1_images_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImageList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_image_v1_images__image_id__get: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of the answer that you have: 304 if nothing has changed. */
                "If-None-Match"?: string | null;
            };
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As it is now. */
            200: {
                headers: {
                    /** @description Names this answer: send it as `If-None-Match` the next time. */
                    ETag: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImageBody"];
                };
            };
            /** @description Nothing has changed since the answer that `If-None-Match` names. */
            304: {
                headers: {
                    /** @description Names this answer: send it as `If-None-Match` the next time. */
                    ETag: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_image_v1_images__image_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_image_v1_images__image_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Correction"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImageBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_area_v1_images__image_id__area_get: {
        parameters: {
            query: {
                category: "upper" | "lower" | "overall" | "dress" | "inner" | "outer";
            };
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DownloadTicket"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_uploaded_v1_images__image_id__uploaded_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                image_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UploadedRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImageBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    segment_v1_segmentations_post: {
        parameters: {
            query?: {
                /** @description Seconds to wait for the end (long poll). */
                wait?: number | null;
            };
            header?: {
                /** @description Repeat a submit safely for 24 hours. */
                "Idempotency-Key"?: string | null;
                /** @description `wait=N`: answer when the job has ended, N seconds at most. */
                prefer?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SegmentRequest"];
            };
        };
        responses: {
            /** @description It ended within the time that the request was willing to wait. */
            200: {
                headers: {
                    /** @description Where its status is. */
                    Location: string;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description It is accepted and has not ended. */
            202: {
                headers: {
                    /** @description Where its status is. */
                    Location: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    segment_segformer_segmentOutfitPic_post: {
        parameters: {
            query?: {
                /** @description Seconds to wait for the end (long poll). */
                wait?: number | null;
            };
            header?: {
                /** @description Repeat a submit safely for 24 hours. */
                "Idempotency-Key"?: string | null;
                /** @description `wait=N`: answer when the job has ended, N seconds at most. */
                prefer?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SegmentRequest"];
            };
        };
        responses: {
            /** @description It ended within the time that the request was willing to wait. */
            200: {
                headers: {
                    /** @description Where its status is. */
                    Location: string;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description It is accepted and has not ended. */
            202: {
                headers: {
                    /** @description Where its status is. */
                    Location: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    segmentation_v1_segmentations__job_id__get: {
        parameters: {
            query?: {
                /** @description Seconds to wait for the end (long poll). */
                wait?: number | null;
            };
            header?: {
                /** @description The `ETag` of the answer that you have: 304 if nothing has changed. */
                "If-None-Match"?: string | null;
                /** @description `wait=N`: answer when the job has ended, N seconds at most. */
                prefer?: string | null;
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As it is now. */
            200: {
                headers: {
                    /** @description Names this answer: send it as `If-None-Match` the next time. */
                    ETag: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description Nothing has changed since the answer that `If-None-Match` names. */
            304: {
                headers: {
                    /** @description Names this answer: send it as `If-None-Match` the next time. */
                    ETag: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_v1_tryons__job_id__cancel_post: {
        parameters: {
            query?: {
                /** @description Seconds to wait for the end (long poll). */
                wait?: number | null;
            };
            header?: {
                /** @description `wait=N`: answer when the job has ended, N seconds at most. */
                prefer?: string | null;
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It ended within the time that the request was willing to wait. */
            200: {
                headers: {
                    /** @description Where its status is. */
                    Location: string;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description It is accepted and has not ended. */
            202: {
                headers: {
                    /** @description Where its status is. */
                    Location: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    transfer_outfit_catvton_transferOutfit_post: {
        parameters: {
            query?: {
                /** @description Seconds to wait for the end (long poll). */
                wait?: number | null;
            };
            header?: {
                /** @description `deadline_ms` as a duration, from 100ms to 24h: seconds (`90`) or units (`1m30s`). What is late is dropped with `deadline_exceeded`. */
                "Cancel-After"?: string | null;
                /** @description Repeat a submit safely for 24 hours. */
                "Idempotency-Key"?: string | null;
                /** @description `wait=N`: answer when the job has ended, N seconds at most. */
                prefer?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TransferRequest"];
            };
        };
        responses: {
            /** @description It ended within the time that the request was willing to wait. */
            200: {
                headers: {
                    /** @description Where its status is. */
                    Location: string;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description It is accepted and has not ended. */
            202: {
                headers: {
                    /** @description Where its status is. */
                    Location: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_vtons_vtons_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
                /** @description Only those of this status. */
                status?: components["schemas"]["JobState"] | null;
                /** @description Made then or later. */
                created_after?: string | null;
                /** @description Made before. */
                created_before?: string | null;
                /** @description With this id of your own. */
                external_id?: string | null;
                /** @description Only those with these labels: `metadata[look]=summer`. */
                metadata?: {
                    [key: string]: string;
                };
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VtonList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_vtons_post: {
        parameters: {
            query?: {
                /** @description Seconds to wait for the end (long poll). */
                wait?: number | null;
            };
            header?: {
                /** @description Repeat a submit safely for 24 hours. */
                "Idempotency-Key"?: string | null;
                /** @description `wait=N`: answer when the job has ended, N seconds at most. */
                prefer?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VtonRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VtonBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_vton_vtons__vton_id__get: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of the answer that you have: 304 if nothing has changed. */
                "If-None-Match"?: string | null;
            };
            path: {
                vton_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As it is now. */
            200: {
                headers: {
                    /** @description Names this answer: send it as `If-None-Match` the next time. */
                    ETag: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VtonBody"];
                };
            };
            /** @description Nothing has changed since the answer that `If-None-Match` names. */
            304: {
                headers: {
                    /** @description Names this answer: send it as `If-None-Match` the next time. */
                    ETag: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_vtons__vton_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                vton_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_vtons__vton_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                vton_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VtonChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VtonBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    events_v1_events_get: {
        parameters: {
            query?: never;
            header?: {
                /** @description `seq` of the last event you have; you get what follows. */
                "Last-Event-ID"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description `job` and `progress` events of docs/events.schema.json; a `job` event's id is its `seq`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example event: job
                     *     data: {"kind":"job","seq":7,"job_id":"job_3f2b…","status":"completed","results":[…]}
                     *     id: 7
                     */
                    "text/event-stream": string;
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tryon_events_v1_tryons__job_id__events_get: {
        parameters: {
            query?: never;
            header?: {
                /** @description `seq` of the last event you have; you get what follows. */
                "Last-Event-ID"?: string | null;
            };
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description `job` and `progress` events of docs/events.schema.json; a `job` event's id is its `seq`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example event: job
                     *     data: {"kind":"job","seq":7,"job_id":"job_3f2b…","status":"completed","results":[…]}
                     *     id: 7
                     */
                    "text/event-stream": string;
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_users_users_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_users_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuestToken"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_user_users__user_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_users__user_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_users__user_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    models_v1_models_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    fleet_v1_fleet_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FleetBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    warm_v1_fleet_warm_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["WarmRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FleetBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    overview_v1_queue_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    live_v1_queue_live_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description `fleet` events: each is a whole answer of GET /v1/queue. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example event: fleet
                     *     data: {…}
                     */
                    "text/event-stream": string;
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    jobs_v1_queue_jobs_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
                /** @description `alive`: queued or running. */
                state?: "alive" | "queued" | "running" | "failed" | "completed" | "canceled" | "expired";
                stage?: components["schemas"]["Stage"] | null;
                /** @description The code of the error. */
                code?: string | null;
                /** @description Made since then; of completed, canceled and expired jobs by default the last day. */
                since?: string | null;
                /** @description Not included. */
                until?: string | null;
                kind?: components["schemas"]["JobKind"] | null;
                engine?: string | null;
                tenant?: string | null;
                user_id?: string | null;
                /** @description 0 low, 1 normal, 2 high. */
                priority?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueJobList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    job_v1_queue_jobs__job_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueJob"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    timeline_v1_queue_jobs__job_id__timeline_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TimelineBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retry_v1_queue_jobs__job_id__retry_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueJob"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drop_v1_queue_jobs__job_id__drop_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    dead_v1_queue_dead_get: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetters"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    decisions_v1_fleet_decisions_get: {
        parameters: {
            query?: {
                limit?: number;
                /** @description ISO 8601 with its zone. */
                since?: string | null;
                /** @description What the shadow policy would have decided. */
                shadow?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DecisionList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    arrivals_v1_queue_arrivals_get: {
        parameters: {
            query: {
                /** @description ISO 8601 with its zone. */
                since: string;
                /** @description Not included; default: now. */
                until?: string | null;
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ArrivalList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    upload_cloth_api_upload_cloth_post: {
        parameters: {
            query?: {
                /** @description Seconds to wait for the end (long poll). */
                wait?: number | null;
            };
            header?: {
                /** @description Repeat a submit safely for 24 hours. */
                "Idempotency-Key"?: string | null;
                /** @description `wait=N`: answer when the job has ended, N seconds at most. */
                prefer?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["Body_upload_cloth_api_upload_cloth_post"];
            };
        };
        responses: {
            /** @description It ended within the time that the request was willing to wait. */
            200: {
                headers: {
                    /** @description Where its status is. */
                    Location: string;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description It is accepted and has not ended. */
            202: {
                headers: {
                    /** @description Where its status is. */
                    Location: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    /** @description Which `Prefer` was followed. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health_health_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    healthz_healthz_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Yes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not ready; the text gives the reason. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                    "text/plain": string;
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readyz_readyz_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Yes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not ready; the text gives the reason. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                    "text/plain": string;
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_keys_v1_keys_get: {
        parameters: {
            query?: {
                /** @description Administrators only; default: all tenants. */
                tenant?: string | null;
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_v1_keys_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKeyBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_key_v1_keys__key_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_v1_keys__key_id__revoke_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotate_v1_keys__key_id__rotate_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RotateRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKeyBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    mint_v1_tokens_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_accounts_v1_accounts_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_v1_accounts_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccountRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewAccountBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reset_v1_accounts__user_id__reset_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewAccountBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_tenants_v1_tenants_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    restrict_v1_tenants__tenant__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RightsRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    keep_v1_tenants__tenant__retention_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeepRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    audit_v1_audit_get: {
        parameters: {
            query?: {
                /** @description Deeds that changed this tenant's things. */
                tenant?: string | null;
                /** @description `key.create`, `key.revoke`, … */
                action?: string | null;
                /** @description Deeds done with this API key. */
                key_id?: string | null;
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retention_v1_retention_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RetentionBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    consent_v1_consent_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsentBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    give_v1_consent_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConsentRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsentBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    withdraw_v1_consent_delete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ask_v1_tenants__tenant__consent_put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConsentRuleRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stop_asking_v1_tenants__tenant__consent_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_intake_v1_queue_intake_put: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IntakeRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IntakeBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retry_many_v1_queue_jobs_retry_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RetryRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangedBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drop_many_v1_queue_jobs_drop_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DropRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChangedBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drain_v1_fleet_workers__worker_id__drain_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                worker_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    undrain_v1_fleet_workers__worker_id__drain_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                worker_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    figures_v1_fleet_figures_get: {
        parameters: {
            query?: {
                minutes?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FiguresBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    imagine_v1_fleet_what_if_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WhatIfRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhatIfBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_webhooks_v1_webhooks_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_v1_webhooks_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewWebhookBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_webhook_v1_webhooks__webhook_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_v1_webhooks__webhook_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_v1_webhooks__webhook_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotate_v1_webhooks__webhook_id__rotate_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SecretRotation"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewWebhookBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ping_v1_webhooks__webhook_id__ping_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_deliveries_v1_webhooks__webhook_id__deliveries_get: {
        parameters: {
            query?: {
                /** @description Only those of this state. */
                state?: ("pending" | "delivered" | "failed") | null;
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_delivery_v1_webhooks__webhook_id__deliveries__delivery_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
                delivery_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryDetail"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replay_v1_webhooks__webhook_id__replay_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplayRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReplayBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    usage_v1_usage_get: {
        parameters: {
            query?: {
                /** @description Sum by these, in this order; repeat the parameter. */
                by?: ("day" | "tenant" | "user" | "key" | "engine")[];
                /** @description `csv`: the groups alone. */
                format?: "json" | "csv";
                /** @description Attempts that ended from here on; default: 30 days ago. */
                since?: string | null;
                /** @description And before; default: now. */
                until?: string | null;
                /** @description Only this tenant's. */
                tenant?: string | null;
                /** @description Only this user's; `me`: your own. */
                user?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As JSON, or as CSV. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsageBody"];
                    "text/csv": string;
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_caps_v1_spend_caps_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cap_tenant_v1_spend_caps_tenants__tenant__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CapRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cap_key_v1_spend_caps_keys__key_id__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CapRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export_v1_users_me_export_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A ZIP: `data/<table>.json` with every row that is kept of you, your photos, cut-outs, parses and results as they are stored, and `export.json`, the last file, with their numbers. An archive without it broke off. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": string;
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    profile_v1_users_me_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProfileBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_v1_users_me_patch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProfileChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProfileBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    verify_v1_verify_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["Body_verify_v1_verify_post"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VerifyBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_batches_v1_batches_get: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_v1_batches_post: {
        parameters: {
            query?: {
                /** @description Seconds to wait for the end (long poll). */
                wait?: number | null;
            };
            header?: {
                /** @description Repeat a submit safely for 24 hours. */
                "Idempotency-Key"?: string | null;
                /** @description `wait=N`: answer when the job has ended, N seconds at most. */
                prefer?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BatchRequest"];
                "application/jsonl": {
                    /** @description Which garment it is; by default the tailor says. */
                    category?: ("auto" | "upper" | "lower" | "overall" | "dress" | "inner" | "outer" | "shoes" | "bag" | "hat") | null;
                    /**
                     * Model
                     * @description Engine, see GET /v1/models; default: the deployment's.
                     */
                    model?: string | null;
                    /**
                     * Quality
                     * @description Default: `balanced`.
                     */
                    quality?: ("fast" | "balanced" | "best" | "approximate") | null;
                    /** Seed */
                    seed?: number | null;
                    /** Output Format */
                    output_format?: ("webp" | "png" | "jpeg") | null;
                    /** Person Index */
                    person_index?: number | null;
                    /** Metadata */
                    metadata?: {
                        [key: string]: string;
                    } | null;
                    /**
                     * Expires In
                     * @description Seconds until a picture is deleted, from when it is taken up.
                     */
                    expires_in?: number | null;
                    /**
                     * Person
                     * @description `image_url` of the person's photo.
                     */
                    person: string;
                    /**
                     * Garment
                     * @description The cut-out's address, or the `image_url` of the garment's photo.
                     */
                    garment: string;
                    /**
                     * Custom Id
                     * @description Your own id of it, once in a batch; the try-on's `external_id`.
                     */
                    custom_id?: string | null;
                };
            };
        };
        responses: {
            /** @description With `dry_run`: what it would take; nothing is stored. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EstimateBody"];
                };
            };
            /** @description It is stored; its pictures are made when nothing else needs the workers. */
            201: {
                headers: {
                    /** @description Where its progress is. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_batch_v1_batches__batch_id__get: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of the answer that you have: 304 if nothing has changed. */
                "If-None-Match"?: string | null;
            };
            path: {
                batch_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As it is now. */
            200: {
                headers: {
                    /** @description Names this answer: send it as `If-None-Match` the next time. */
                    ETag: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchBody"];
                };
            };
            /** @description Nothing has changed since the answer that `If-None-Match` names. */
            304: {
                headers: {
                    /** @description Names this answer: send it as `If-None-Match` the next time. */
                    ETag: string;
                    /** @description Seconds until it is worth asking again; only while the job has not ended. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_v1_batches__batch_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                batch_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_items_v1_batches__batch_id__items_get: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: number;
            };
            header?: never;
            path: {
                batch_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchItemList"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_v1_batches__batch_id__cancel_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                batch_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchBody"];
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    results_v1_batches__batch_id__results_get: {
        parameters: {
            query?: {
                /** @description `jsonl`: the manifest without pictures. */
                format?: "zip" | "jsonl";
            };
            header?: never;
            path: {
                batch_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The pictures made so far and `manifest.jsonl`; or, as `jsonl`, the manifest alone. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": string;
                    "application/jsonl": string;
                };
            };
            /** @description A fault of Proteus: report the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why, `hint` the way out. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    receivetryon_started_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookMessage"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    receivetryon_completed_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookMessage"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    receivetryon_failed_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookMessage"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    receivetryon_canceled_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookMessage"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    receivetryon_expired_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookMessage"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    receive_batchbatch_ended_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BatchMessage"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
}
