/* Written by `npm run types` from docs/events.schema.json; change that, not this file. */
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
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
         * JobEvent
         * @description A job changed; committed, and numbered by the user's own counter without gaps.
         *
         *     Attributes:
         *         at: ISO 8601, when it was recorded.
         *         failed_garment: Of an outfit that ended early: which garment of the request, from 1, could not be put on.
         *         partial: Of such an outfit: whether the garments before it were.
         */
        JobEvent: {
            /**
             * Kind
             * @default job
             * @constant
             */
            kind?: "job";
            /** Seq */
            seq: number;
            /** Job Id */
            job_id: string;
            /**
             * Vton Id
             * @default null
             */
            vton_id?: string | null;
            /**
             * Job Type
             * @enum {string}
             */
            job_type: "tryon" | "segment";
            status: components["schemas"]["JobState"];
            /** @default null */
            stage?: components["schemas"]["Stage"] | null;
            /**
             * Results
             * @default []
             */
            results?: components["schemas"]["ResultInfo"][];
            /** @default null */
            error?: components["schemas"]["ErrorInfo"] | null;
            /** @default null */
            usage?: components["schemas"]["UsageInfo"] | null;
            /** @default null */
            cost?: components["schemas"]["CostInfo"] | null;
            /** At */
            at: string;
            /**
             * Failed Garment
             * @default null
             */
            failed_garment?: number | null;
            /**
             * Partial
             * @default null
             */
            partial?: boolean | null;
        };
        /**
         * JobState
         * @description The public status. `stage` refines it.
         * @enum {string}
         */
        JobState: "queued" | "running" | "completed" | "failed" | "canceled" | "expired";
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
         * ProgressEvent
         * @description A running job did a step. Ephemeral: never replayed, has no `seq`.
         */
        ProgressEvent: {
            /**
             * Kind
             * @default progress
             * @constant
             */
            kind?: "progress";
            /** Job Id */
            job_id: string;
            /**
             * N
             * @default 1
             */
            n?: number;
            stage: components["schemas"]["Stage"];
            /** Step */
            step: number;
            /** Steps */
            steps: number;
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
            /**
             * Url
             * @default null
             */
            url?: string | null;
            /**
             * Thumbnail Url
             * @default null
             */
            thumbnail_url?: string | null;
            /**
             * Blurhash
             * @default null
             */
            blurhash?: string | null;
            /**
             * Engine
             * @default null
             */
            engine?: string | null;
            /**
             * Engine Version
             * @default null
             */
            engine_version?: string | null;
            /**
             * Seed
             * @default null
             */
            seed?: number | null;
            /**
             * Width
             * @default null
             */
            width?: number | null;
            /**
             * Height
             * @default null
             */
            height?: number | null;
            /**
             * Content Type
             * @default null
             */
            content_type?: string | null;
            /**
             * Degraded
             * @default null
             */
            degraded?: boolean | null;
            /**
             * Garment
             * @default null
             */
            garment?: number | null;
            /**
             * Cloth Clean Url
             * @default null
             */
            cloth_clean_url?: string | null;
            /**
             * Category
             * @default null
             */
            category?: string | null;
            /**
             * Categories
             * @default null
             */
            categories?: components["schemas"]["CategoryScore"][] | null;
            /**
             * Confidence
             * @default null
             */
            confidence?: number | null;
            /**
             * Quality Score
             * @default null
             */
            quality_score?: number | null;
            /**
             * Mask Url
             * @default null
             */
            mask_url?: string | null;
            /**
             * Warnings
             * @default []
             */
            warnings?: components["schemas"]["PictureWarning"][];
            /** @default null */
            error?: components["schemas"]["ErrorInfo"] | null;
        };
        /**
         * Stage
         * @description Where a job is inside its state: the first three while queued, the last three while running.
         * @enum {string}
         */
        Stage: "held" | "preparing" | "waiting" | "fetching" | "denoising" | "storing";
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
         * WarningCode
         * @description What may be wrong with a picture that was accepted nevertheless; `picture_warnings` has the words.
         * @enum {string}
         */
        WarningCode: "several_garments" | "garment_cropped" | "garment_rotated" | "garment_folded" | "no_garment_shape" | "garment_worn" | "cutout_uncertain" | "category_uncertain" | "several_people" | "person_cropped" | "person_turned" | "pose_uncertain" | "low_light" | "blurred" | "low_resolution" | "sleeves_not_placed" | "garment_hidden" | "engine_replaced";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
