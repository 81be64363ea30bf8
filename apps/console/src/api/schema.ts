// Owns: the gateway's routes as types. Written by `npm run docs`; not to be edited.

export interface paths {
    "/api-calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Calls of WeChat's APIs that WeChat refused: the last 1,000, newest first
         * @description Of the platforms that the caller has `console:use` for in a grant that is not narrowed to authorizers.
         */
        get: operations["listRefusedApiCalls"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/authorization-sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Authorization sessions, newest first; only those that the key may see
         * @description A session is kept for 30 days after its end.
         */
        get: operations["listAuthorizationSessions"];
        put?: never;
        /**
         * A link to send to the administrator of an account
         * @description A right that is narrowed to authorizers needs an `appid` of them.
         */
        post: operations["createAuthorizationSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/authorization-sessions/{sessionId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One authorization session */
        get: operations["getAuthorizationSession"];
        put?: never;
        post?: never;
        /** Cancel an authorization session: nothing completes it any more */
        delete: operations["cancelAuthorizationSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/authorization-sessions/{sessionId}/link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The link of a session once more, as it was answered when it was made
         * @description Of a session that is over, too: its page says so.
         */
        get: operations["getAuthorizationLink"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/authorizers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The authorizers that the key may see, in the order of their appids
         * @description With a filter in any order, from an index. All filters that are given must hold.
         */
        get: operations["listAuthorizers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/authorizers/{APPID}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One authorizer */
        get: operations["getAuthorizer"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/authorizers/{APPID}/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask WeChat for profile and permission sets, and store them
         * @description Needs `authorizers:sync` or `tokens:force`.
         */
        post: operations["compareAuthorizer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/authorizers/{APPID}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the account granted and took back, newest first: the last 100 changes */
        get: operations["getAuthorizerHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/authorizers/{APPID}/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refresh the authorizer's access token, without showing it
         * @description One call at WeChat at a time, and none for a token that was refreshed within FORCE_MIN_INTERVAL_SECONDS.
         */
        post: operations["refreshAuthorizer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/authorizers/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Page through WeChat's own list: adds what is missing, repairs lost refresh tokens, never revokes */
        post: operations["syncAuthorizers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/authorizers/sync/{jobId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far a synchronisation has come */
        get: operations["getAuthorizersSync"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/authurl": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A fresh link to the authorization page
         * @description The internal listener wants authorizations:write; where that is narrowed to authorizers, a `biz_appid` of them. The public one wants no key and is limited per address.
         */
        get: operations["getAuthorizationUrl"];
        put?: never;
        /**
         * A fresh link to the authorization page
         * @description Parameters in the query, as JSON or as a form. The internal listener wants authorizations:write; where that is narrowed to authorizers, a `biz_appid` of them. The public one wants no key and is limited per address.
         */
        post: operations["createAuthorizationUrl"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/component/clear_quota": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Clears the quotas of the component, or of one account, by the component's secret; WeChat allows ten a month */
        post: operations["clearQuotaBySecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was received lately and what became of it, newest first */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        /**
         * Take the content of one user out of the event log and the dead letters
         * @description Of each event `data` keeps MsgType, Event, InfoType, MsgId and CreateTime. `erased`: how many events lost content by this call; of an account with very many events a worker does the rest.
         */
        delete: operations["eraseEvents"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/events/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One event */
        get: operations["getEvent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/events/{id}/attempts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The attempts at the deliveries of an event, newest first over all subscriptions: the last 20 of each */
        get: operations["listAttempts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/events/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Deliver an event again, with its id, to every subscription that matches now, or to some of them
         * @description Consumers know the replay by the attribute `replay` of the event and, at a webhook, by the header `webhook-replay`.
         */
        post: operations["replayEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/events/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events as they are recorded, as server-sent events
         * @description `id`: a position, `data`: the event. Last-Event-ID, or `after`, resumes at any ingress without a gap or a repeat within EVENT_LOG_SECONDS; beyond that the first is `event: gap` with `data: {"from"}`, from when on nothing is missing. A comment each 15 s. A reader that takes nothing for 10 s is cut off. 20 streams of a caller and 100 in all at each process.
         */
        get: operations["streamEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/jssdk_config/{APPID}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What `wx.config` of the JS-SDK wants for a page */
        get: operations["getJsSdkConfig"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/refused-pushes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Pushes that were refused in the last day, by the code of the refusal
         * @description Counted in the processes, which hand over what they counted each minute. Not for a right that is narrowed to authorizers.
         */
        get: operations["listRefusedPushes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/replies/{eventId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A passive reply from a consumer that is no webhook
         * @description `sentBy` is `passive-reply` when the push was still waiting, `customer-service` when the fallback of the subscription sent it. INVALID_REQUEST, EVENT_NOT_FOUND, REPLY_ALREADY_SENT, REPLY_TOO_LATE.
         */
        post: operations["sendReply"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happened in each minute or hour of the last day
         * @description Counted in the processes, which hand over what they counted each minute. Not for a right that is narrowed to authorizers.
         */
        get: operations["getStatistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/subscriptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The subscriptions that the key may see
         * @description A page may be shorter than `limit` and still have a `nextCursor`.
         */
        get: operations["listSubscriptions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/subscriptions/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One subscription */
        get: operations["getSubscription"];
        /**
         * Create (201) or replace (200) a subscription
         * @description A webhook secret, given or generated, is answered once, at creation, and kept on update.
         */
        put: operations["putSubscription"];
        post?: never;
        /** Delete a subscription with its backlog and its dead letters */
        delete: operations["deleteSubscription"];
        options?: never;
        head?: never;
        /**
         * Enable, disable, pause or resume a subscription, one that CONFIG_FILE declares too
         * @description What is pending when it is disabled stands in its dead letters. While it is paused events are kept, up to `maxBacklog`, and none is delivered. For a declared one both outlive restarts.
         */
        patch: operations["patchSubscription"];
        trace?: never;
    };
    "/apis/v1/wx/{platform}/subscriptions/{name}/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What could not be delivered, newest first */
        get: operations["listDeadLetters"];
        put?: never;
        post?: never;
        /** Throw dead letters away; all of them when no ids are given */
        delete: operations["discardDeadLetters"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/subscriptions/{name}/dead-letters/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Deliver dead letters again; all of them when no ids are given */
        post: operations["replayDeadLetters"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/subscriptions/{name}/replays": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The replays of a subscription, newest first */
        get: operations["listReplays"];
        put?: never;
        /**
         * Deliver to a subscription again what it matches and has not been delivered
         * @description One attempt each, beside live deliveries, at a rate of its own. What is delivered leaves the dead letters. At most 250,000 deliveries, one replay of a subscription and ten of a platform at a time (REPLAY_LIMIT); of a subscription the last 20 are kept, 7 days after their end. `from` and `to` are at most 31 days apart.
         */
        post: operations["beginReplay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/subscriptions/{name}/replays/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One replay */
        get: operations["getReplay"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/subscriptions/{name}/replays/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End a replay; what is under way is seen through */
        post: operations["cancelReplay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/subscriptions/{name}/replays/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin none of its deliveries until it is resumed */
        post: operations["pauseReplay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/subscriptions/{name}/replays/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Go on with a paused replay */
        post: operations["resumeReplay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/subscriptions/{name}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A new webhook secret, answered once
         * @description For 24 hours each attempt carries the signatures of both, the new one first.
         */
        post: operations["rotateSubscriptionSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/subscriptions/{name}/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the deliveries of a subscription go, over all workers */
        get: operations["getSubscriptionStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/subscriptions/{name}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a gateway.subscription.test event through it, whatever it matches */
        post: operations["testSubscription"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/apis/v1/wx/{platform}/subscriptions/match": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Which subscriptions an event is for now, and by which member it is not
         * @description Of the subscriptions that the key may see. `eventId`, of an event in the log, needs `events:read` too, for its account as `subscriptions:read`.
         */
        post: operations["matchSubscriptions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who changed what, and who read secrets or what users wrote: the last 10,000 entries, newest first
         * @description Of the platforms that the caller has `console:use` for in a grant that is not narrowed to authorizers. What happened within the last seconds may not stand there yet.
         */
        get: operations["listAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/catalogue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * WeChat's permission sets, events, APIs and errcodes, each with WeChat's page
         * @description For any key, whatever its rights. Changes with the gateway only: ask again with `If-None-Match`.
         */
        get: operations["getCatalogue"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/console/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in, with what rights, and the CSRF token */
        get: operations["getSession"];
        put?: never;
        /**
         * Sign in to the console with the key of a caller that has `console:use`
         * @description Sets the cookie of a session: sealed, HttpOnly, SameSite=Strict, Secure where the request came by TLS. It holds for 12 hours after its last use. Ten wrong keys of one address in a minute, or a hundred in all, and nobody is let in until it is over.
         */
        post: operations["signIn"];
        /** End the session, at every ingress and for good */
        delete: operations["signOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/diagnosis": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is wrong now, and what to do about it
         * @description Every check is bounded in time and made by itself. Answers while Redis is away, too. What concerns one platform is shown to callers that have `console:use` for it in a grant that is not narrowed to authorizers. Nothing in it is secret.
         */
        get: operations["getDiagnosis"];
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
        /** The process lives */
        get: operations["getLiveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["getOpenApi"];
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
        /** Redis takes writes, its policy is noeviction, every platform has a young ticket; a reason per check */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AuthorizationSession: {
            /** @description the requested account; once an account has authorized, that one. Of a refused session, a narrowed right sees the requested one only */
            appid: string | null;
            completedAt: string | null;
            createdAt: string;
            expiresAt: string;
            /** @description ids of the permission sets that the account granted */
            grantedSets: number[];
            /** @description ids in categoryIdList that are not granted */
            missingSets: number[];
            /** @description when the page was first opened */
            openedAt: string | null;
            /** @description the caller's own name for the recipient of the link */
            reference: string;
            sessionId: string;
            status: "open" | "completed" | "expired" | "cancelled" | "refused";
            tags: {
                [key: string]: string;
            };
        };
        Authorizer: {
            appid: string;
            authorizedAt: string;
            func_info: {
                [key: string]: unknown;
            }[];
            head_img: string | null;
            isMiniProgram: boolean | null;
            nick_name: string | null;
            principal_name: string | null;
            service_type: number | null;
            status: "active" | "reauthorization_required" | "revoked";
            token: {
                expiresAt: string | null;
            };
            updatedAt: string;
            user_name: string | null;
            verify_type: number | null;
        };
        Subscription: {
            createdAt: string;
            /** @description `true`: declared in CONFIG_FILE; the API changes `enabled` and `paused` only */
            declared?: boolean;
            disableAfterSeconds: number;
            enabled: boolean;
            fallback: "customer-service" | null;
            match: {
                authorizers?: string[];
                /** @description conditions by field of `data`; a dot separates levels; all of them must hold */
                data?: {
                    [key: string]: string[] | {
                        prefix: string;
                    } | {
                        exists: boolean;
                    } | {
                        not: string[];
                    };
                };
                types?: string[];
            };
            maxBacklog: number;
            name: string;
            ordering: "none" | "subject" | "authorizer";
            orderingTimeoutSeconds: number;
            paused: boolean;
            reply: boolean;
            retry: {
                scheduleSeconds: number[];
            };
            sink: {
                kind: "queue" | "stream" | "webhook";
                maxLength?: number;
                /** @description BullMQ queue that a consumer opens (prefix: bull) */
                queue?: string;
                /** @description whsec_…, answered once, at creation */
                secret?: string;
                /** @description key of the Redis stream */
                stream?: string;
                timeoutMs?: number;
                url?: string;
            };
            throttle: {
                perSecond: number;
            } | null;
            updatedAt: string;
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
    listRefusedApiCalls: {
        parameters: {
            query?: {
                /** @description appid */
                authorizer?: string;
                /** @description `nextCursor` of the page before, of the same list with the same filter, by the same caller */
                cursor?: string;
                errcode?: string;
                /** @description 1 to 500, default 100 */
                limit?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            at: string;
                            /** @description null: a call with the component's token */
                            authorizer: string | null;
                            caller: string | null;
                            durationMs: number;
                            errcode: number;
                            path: string;
                            platform: string;
                            requestId: string;
                            rid: string | null;
                            status: number | null;
                        }[];
                        /** @description where the next page begins; null on the last one. A page may be short, or empty, and not be the last */
                        nextCursor: string | null;
                    };
                };
            };
        };
    };
    listAuthorizationSessions: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the page before, of the same list with the same filter, by the same caller */
                cursor?: string;
                /** @description 1 to 500, default 100 */
                limit?: string;
                /** @description the caller's own name for the recipient of the link */
                reference?: string;
                status?: "open" | "completed" | "expired" | "cancelled" | "refused";
            };
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AuthorizationSession"][];
                        /** @description where the next page begins; null on the last one. A page may be short, or empty, and not be the last */
                        nextCursor: string | null;
                    };
                };
            };
        };
    };
    createAuthorizationSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description only this account may authorize */
                    appid?: string;
                    /** @description WeChat's auth_type */
                    authType?: number;
                    /** @description permission sets, joined by | */
                    categoryIdList?: string;
                    /** @default 86400 */
                    expiresInSeconds?: number;
                    /** @description the caller's own name for the recipient of the link */
                    reference: string;
                    /** @description where the browser goes after the authorization; its origin is one of AUTH_REDIRECT_ORIGINS */
                    returnUrl?: string;
                    /** @description texts by name, given back in views and events */
                    tags?: {
                        [key: string]: string;
                    };
                    /** @description default: by the visitor's browser */
                    type?: "mobile" | "scancode";
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        expiresAt: string;
                        sessionId: string;
                        url: string;
                    };
                };
            };
        };
    };
    getAuthorizationSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
                sessionId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description the requested account; once an account has authorized, that one. Of a refused session, a narrowed right sees the requested one only */
                        appid: string | null;
                        completedAt: string | null;
                        createdAt: string;
                        expiresAt: string;
                        /** @description ids of the permission sets that the account granted */
                        grantedSets: number[];
                        /** @description ids in categoryIdList that are not granted */
                        missingSets: number[];
                        /** @description when the page was first opened */
                        openedAt: string | null;
                        /** @description the caller's own name for the recipient of the link */
                        reference: string;
                        sessionId: string;
                        status: "open" | "completed" | "expired" | "cancelled" | "refused";
                        tags: {
                            [key: string]: string;
                        };
                    };
                };
            };
        };
    };
    cancelAuthorizationSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
                sessionId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getAuthorizationLink: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
                sessionId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        expiresAt: string;
                        sessionId: string;
                        url: string;
                    };
                };
            };
        };
    };
    listAuthorizers: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the page before, of the same list with the same filter, by the same caller */
                cursor?: string;
                /** @description 1 to 500, default 100 */
                limit?: string;
                /** @description id of a permission set that it lacks */
                missingScope?: string;
                /** @description begin of the nick name or of the principal name, whatever its case, or a whole appid or original id */
                q?: string;
                status?: "active" | "reauthorization_required" | "revoked";
            };
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Authorizer"][];
                        /** @description where the next page begins; null on the last one. A page may be short, or empty, and not be the last */
                        nextCursor: string | null;
                    };
                };
            };
        };
    };
    getAuthorizer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description appid of the authorizer, `wx` and 16 characters */
                APPID: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        appid: string;
                        authorizedAt: string;
                        func_info: {
                            [key: string]: unknown;
                        }[];
                        head_img: string | null;
                        isMiniProgram: boolean | null;
                        nick_name: string | null;
                        principal_name: string | null;
                        service_type: number | null;
                        status: "active" | "reauthorization_required" | "revoked";
                        token: {
                            expiresAt: string | null;
                        };
                        updatedAt: string;
                        user_name: string | null;
                        verify_type: number | null;
                    };
                };
            };
        };
    };
    compareAuthorizer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description appid of the authorizer, `wx` and 16 characters */
                APPID: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description members of the authorizer that were different */
                        changed: string[];
                    };
                };
            };
        };
    };
    getAuthorizerHistory: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the page before, of the same list with the same filter, by the same caller */
                cursor?: string;
                /** @description 1 to 500, default 100 */
                limit?: string;
            };
            header?: never;
            path: {
                /** @description appid of the authorizer, `wx` and 16 characters */
                APPID: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            /** @description ids of permission sets */
                            addedSets: number[];
                            /** @description when the gateway stored it */
                            at: string;
                            /** @description `sync`: found by comparing with WeChat. A browser that returns before any push counts as one of the first two */
                            cause: "authorized" | "updateauthorized" | "unauthorized" | "sync";
                            /** @description of that session */
                            reference?: string;
                            /** @description ids of permission sets; all that it had, when unauthorized */
                            removedSets: number[];
                            /** @description of the authorization session that this authorization completed */
                            sessionId?: string;
                        }[];
                        /** @description where the next page begins; null on the last one. A page may be short, or empty, and not be the last */
                        nextCursor: string | null;
                        /** @description names of the permission sets in `items`, of those that the catalogue knows */
                        sets: {
                            id: number;
                            nameEn: string;
                            nameZh: string;
                        }[];
                    };
                };
            };
        };
    };
    refreshAuthorizer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description appid of the authorizer, `wx` and 16 characters */
                APPID: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        expiresAt: string;
                    };
                };
            };
        };
    };
    syncAuthorizers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        jobId: string;
                    };
                };
            };
        };
    };
    getAuthorizersSync: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                jobId: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        added: number;
                        error: string | null;
                        failed: number;
                        finishedAt: string | null;
                        jobId: string;
                        repaired: number;
                        seen: number;
                        startedAt: string | null;
                        status: "waiting" | "running" | "completed" | "failed";
                    };
                };
            };
        };
    };
    getAuthorizationUrl: {
        parameters: {
            query?: {
                /** @description accounts to choose from: 1 official accounts, 2 mini programs, 3 both, 4 promoters, 5 channels, 6 all, 8 talent assistant */
                auth_type?: string;
                /** @description only this account may authorize */
                biz_appid?: string;
                /** @description permission sets, joined by | */
                category_id_list?: string;
                /** @description where WeChat sends the browser with the code; default: the landing page */
                redirectUri?: string;
                /** @description `mobile` (default): a link to open inside WeChat; `scancode`: a page for PCs */
                type?: "mobile" | "scancode";
            };
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        createdAt: string;
                        /** @description remaining seconds */
                        expires_in: number;
                        /** @description WeChat's authorization page; demands a click on a page of the platform's own domain */
                        url: string;
                    };
                };
            };
        };
    };
    createAuthorizationUrl: {
        parameters: {
            query?: {
                /** @description accounts to choose from: 1 official accounts, 2 mini programs, 3 both, 4 promoters, 5 channels, 6 all, 8 talent assistant */
                auth_type?: string;
                /** @description only this account may authorize */
                biz_appid?: string;
                /** @description permission sets, joined by | */
                category_id_list?: string;
                /** @description where WeChat sends the browser with the code; default: the landing page */
                redirectUri?: string;
                /** @description `mobile` (default): a link to open inside WeChat; `scancode`: a page for PCs */
                type?: "mobile" | "scancode";
            };
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    auth_type?: string | (1 | 2 | 3 | 4 | 5 | 6 | 8);
                    /** @description only this account may authorize */
                    biz_appid?: string;
                    /** @description permission sets, joined by | */
                    category_id_list?: string;
                    /** @description where WeChat sends the browser with the code; default: the landing page */
                    redirectUri?: string;
                    /** @description `mobile` (default): a link to open inside WeChat; `scancode`: a page for PCs */
                    type?: "mobile" | "scancode";
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        createdAt: string;
                        /** @description remaining seconds */
                        expires_in: number;
                        /** @description WeChat's authorization page; demands a click on a page of the platform's own domain */
                        url: string;
                    };
                };
            };
        };
    };
    clearQuotaBySecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description of an authorizer */
                    appid?: string;
                };
            };
        };
        responses: {
            /** @description WeChat's own answer: status, content type, bytes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                authorizer?: string;
                /** @description `false` leaves out `data` beyond MsgType, Event, InfoType, MsgId and CreateTime, as without `events:content` */
                content?: "true" | "false";
                /** @description `nextCursor` of the page before, of the same list with the same filter, by the same caller */
                cursor?: string;
                /** @description ISO 8601, of receipt */
                from?: string;
                /** @description 1 to 500, default 100 */
                limit?: string;
                /** @description text within the values of `data` that the caller sees; case matters but for A to Z. Looks at 5,000 events, 8 MiB, half a second */
                q?: string;
                /** @description of a delivery; with `subscription`, of that one */
                status?: "pending" | "delivered" | "retrying" | "dead" | "discarded" | "paused";
                /** @description openid of the user; of `authorizer` */
                subject?: string;
                subscription?: string;
                /** @description ISO 8601, of receipt */
                to?: string;
                /** @description `*` at the end is a wildcard */
                type?: string;
            };
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            authorizerappid: string | null;
                            deliveries: {
                                attempts: number;
                                deliveredAt: string | null;
                                lastError: string | null;
                                status: "pending" | "delivered" | "retrying" | "dead" | "discarded" | "paused";
                                subscription: string;
                            }[];
                            /** @description as consumers get it; all of `data` with `events:content` only */
                            event: unknown;
                            id: string;
                            receivedAt: string;
                            source: string;
                            subject: string | null;
                            time: string;
                            type: string;
                        }[];
                        /** @description where the next page begins; null on the last one. A page may be short, or empty, and not be the last */
                        nextCursor: string | null;
                        /** @description with `q`, and when the search reached its bound: events received before this time were not read; `nextCursor` continues there */
                        scannedTo?: string;
                    };
                };
            };
        };
    };
    eraseEvents: {
        parameters: {
            query: {
                authorizer: string;
                /** @description openid of the user; of `authorizer` */
                subject: string;
            };
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        erased: number;
                    };
                };
            };
        };
    };
    getEvent: {
        parameters: {
            query?: {
                /** @description `false` leaves out `data` beyond MsgType, Event, InfoType, MsgId and CreateTime, as without `events:content` */
                content?: "true" | "false";
            };
            header?: never;
            path: {
                id: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        authorizerappid: string | null;
                        deliveries: {
                            attempts: number;
                            deliveredAt: string | null;
                            lastError: string | null;
                            status: "pending" | "delivered" | "retrying" | "dead" | "discarded" | "paused";
                            subscription: string;
                        }[];
                        /** @description as consumers get it; all of `data` with `events:content` only */
                        event: unknown;
                        id: string;
                        receivedAt: string;
                        source: string;
                        subject: string | null;
                        time: string;
                        type: string;
                    };
                };
            };
        };
    };
    listAttempts: {
        parameters: {
            query?: {
                /** @description `false` leaves out `data` beyond MsgType, Event, InfoType, MsgId and CreateTime, as without `events:content` */
                content?: "true" | "false";
                /** @description `nextCursor` of the page before, of the same list with the same filter, by the same caller */
                cursor?: string;
                /** @description 1 to 500, default 100 */
                limit?: string;
            };
            header?: never;
            path: {
                id: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            /** @description the first 1 KiB of what a webhook answered, in whole characters; with `events:content` only */
                            answer: string | null;
                            /** @description ISO 8601: when it began */
                            at: string;
                            /** @description from 1; a replay counts anew */
                            attempt: number;
                            /** @description 0 where a queue or a stream was written in one step with the log */
                            durationMs: number;
                            /** @description as `lastError` */
                            error: string | null;
                            httpStatus: number | null;
                            nextAttemptAt: string | null;
                            outcome: "delivered" | "failed";
                            subscription: string;
                            /** @description host and process id */
                            worker: string;
                        }[];
                        /** @description where the next page begins; null on the last one. A page may be short, or empty, and not be the last */
                        nextCursor: string | null;
                    };
                };
            };
        };
    };
    replayEvent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description only these, as far as they match */
                    subscriptions?: string[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        eventId: string;
                    };
                };
            };
        };
    };
    streamEvents: {
        parameters: {
            query?: {
                /** @description a position; without one it starts now */
                after?: string;
                /** @description at most 200 appids, with commas */
                authorizers?: string;
                /** @description `false` leaves out `data` beyond MsgType, Event, InfoType, MsgId and CreateTime, as without `events:content` */
                content?: "true" | "false";
                /** @description at most 50, with commas; `*` at the end is a wildcard */
                types?: string;
            };
            header?: {
                /** @description `id` of the last event; comes before `after` */
                "last-event-id"?: string;
            };
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description events without end */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
        };
    };
    getJsSdkConfig: {
        parameters: {
            query: {
                /** @description address of the page */
                url: string;
            };
            header?: never;
            path: {
                /** @description appid of the authorizer, `wx` and 16 characters */
                APPID: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        appId: string;
                        nonceStr: string;
                        signature: string;
                        timestamp: number;
                    };
                };
            };
        };
    };
    listRefusedPushes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            /** @description as the push was answered */
                            code: string;
                            /** @description in the last hour */
                            count1h: number;
                            /** @description where the last one came from */
                            lastAddress: string;
                            lastAt: string;
                        }[];
                    };
                };
            };
        };
    };
    sendReply: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                eventId: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reply: {
                        Content: string;
                        /** @enum {string} */
                        MsgType: "text";
                    } | {
                        Image: {
                            MediaId: string;
                        };
                        /** @enum {string} */
                        MsgType: "image";
                    } | {
                        /** @enum {string} */
                        MsgType: "voice";
                        Voice: {
                            MediaId: string;
                        };
                    } | {
                        /** @enum {string} */
                        MsgType: "video";
                        Video: {
                            Description?: string;
                            MediaId: string;
                            Title?: string;
                        };
                    } | {
                        /** @enum {string} */
                        MsgType: "music";
                        Music: {
                            Description?: string;
                            HQMusicUrl?: string;
                            MusicUrl?: string;
                            ThumbMediaId: string;
                            Title?: string;
                        };
                    } | {
                        Articles: {
                            Description?: string;
                            PicUrl?: string;
                            Title: string;
                            Url: string;
                        }[];
                        /** @enum {string} */
                        MsgType: "news";
                    } | {
                        /** @enum {string} */
                        MsgType: "transfer_customer_service";
                        TransInfo?: {
                            KfAccount: string;
                        };
                    } | {
                        raw: string;
                    };
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        sentBy: "passive-reply" | "customer-service";
                    };
                };
            };
        };
    };
    getStatistics: {
        parameters: {
            query?: {
                /** @description ISO 8601; default, and at the earliest: a day ago */
                from?: string;
                /** @description seconds, default 60 */
                step?: "60" | "3600";
                /** @description ISO 8601; default, and at the latest: now */
                to?: string;
            };
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            /** @description begin of the minute or hour */
                            at: string;
                            /** @description deliveries that came to the dead letters */
                            dead: number;
                            /** @description deliveries that a consumer, a queue or a stream has taken */
                            delivered: number;
                            /** @description of these, those whose event was known */
                            duplicates: number;
                            /** @description failed attempts */
                            failed: number;
                            /** @description authentic pushes that were acknowledged, repeated ones included */
                            pushes: number;
                            /** @description refreshes of authorizers' access tokens, on read as well as by schedule */
                            refreshed: number;
                            /** @description refreshes of these that failed */
                            refreshFailed: number;
                        }[];
                    };
                };
            };
        };
    };
    listSubscriptions: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the page before, of the same list with the same filter, by the same caller */
                cursor?: string;
                /** @description 1 to 500, default 100 */
                limit?: string;
            };
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Subscription"][];
                        /** @description where the next page begins; null on the last one. A page may be short, or empty, and not be the last */
                        nextCursor: string | null;
                    };
                };
            };
        };
    };
    getSubscription: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        createdAt: string;
                        /** @description `true`: declared in CONFIG_FILE; the API changes `enabled` and `paused` only */
                        declared?: boolean;
                        disableAfterSeconds: number;
                        enabled: boolean;
                        fallback: "customer-service" | null;
                        match: {
                            authorizers?: string[];
                            /** @description conditions by field of `data`; a dot separates levels; all of them must hold */
                            data?: {
                                [key: string]: string[] | {
                                    prefix: string;
                                } | {
                                    exists: boolean;
                                } | {
                                    not: string[];
                                };
                            };
                            types?: string[];
                        };
                        maxBacklog: number;
                        name: string;
                        ordering: "none" | "subject" | "authorizer";
                        orderingTimeoutSeconds: number;
                        paused: boolean;
                        reply: boolean;
                        retry: {
                            scheduleSeconds: number[];
                        };
                        sink: {
                            kind: "queue" | "stream" | "webhook";
                            maxLength?: number;
                            /** @description BullMQ queue that a consumer opens (prefix: bull) */
                            queue?: string;
                            /** @description whsec_…, answered once, at creation */
                            secret?: string;
                            /** @description key of the Redis stream */
                            stream?: string;
                            timeoutMs?: number;
                            url?: string;
                        };
                        throttle: {
                            perSecond: number;
                        } | null;
                        updatedAt: string;
                    };
                };
            };
        };
    };
    putSubscription: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    createdAt?: string;
                    /** @description as GET answers it; ignored */
                    declared?: boolean;
                    disableAfterSeconds?: number;
                    enabled?: boolean;
                    fallback?: "customer-service" | null;
                    match?: {
                        authorizers?: string[];
                        /** @description conditions by field of `data`; a dot separates levels; all of them must hold */
                        data?: {
                            [key: string]: string[] | {
                                prefix: string;
                            } | {
                                exists: boolean;
                            } | {
                                not: string[];
                            };
                        };
                        types?: string[];
                    };
                    maxBacklog?: number;
                    name?: string;
                    ordering?: "none" | "subject" | "authorizer";
                    orderingTimeoutSeconds?: number;
                    paused?: boolean;
                    reply?: boolean;
                    retry?: {
                        scheduleSeconds?: number[];
                    };
                    sink: {
                        /** @enum {string} */
                        kind: "queue";
                        prefix?: string;
                        queue?: string;
                    } | {
                        /** @enum {string} */
                        kind: "stream";
                        maxLength?: number;
                        stream?: string;
                    } | {
                        /** @enum {string} */
                        kind: "webhook";
                        secret?: string;
                        timeoutMs?: number;
                        url: string;
                    };
                    throttle?: {
                        perSecond: number;
                    } | null;
                    updatedAt?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        createdAt: string;
                        /** @description `true`: declared in CONFIG_FILE; the API changes `enabled` and `paused` only */
                        declared?: boolean;
                        disableAfterSeconds: number;
                        enabled: boolean;
                        fallback: "customer-service" | null;
                        match: {
                            authorizers?: string[];
                            /** @description conditions by field of `data`; a dot separates levels; all of them must hold */
                            data?: {
                                [key: string]: string[] | {
                                    prefix: string;
                                } | {
                                    exists: boolean;
                                } | {
                                    not: string[];
                                };
                            };
                            types?: string[];
                        };
                        maxBacklog: number;
                        name: string;
                        ordering: "none" | "subject" | "authorizer";
                        orderingTimeoutSeconds: number;
                        paused: boolean;
                        reply: boolean;
                        retry: {
                            scheduleSeconds: number[];
                        };
                        sink: {
                            kind: "queue" | "stream" | "webhook";
                            maxLength?: number;
                            /** @description BullMQ queue that a consumer opens (prefix: bull) */
                            queue?: string;
                            /** @description whsec_…, answered once, at creation */
                            secret?: string;
                            /** @description key of the Redis stream */
                            stream?: string;
                            timeoutMs?: number;
                            url?: string;
                        };
                        throttle: {
                            perSecond: number;
                        } | null;
                        updatedAt: string;
                    };
                };
            };
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        createdAt: string;
                        /** @description `true`: declared in CONFIG_FILE; the API changes `enabled` and `paused` only */
                        declared?: boolean;
                        disableAfterSeconds: number;
                        enabled: boolean;
                        fallback: "customer-service" | null;
                        match: {
                            authorizers?: string[];
                            /** @description conditions by field of `data`; a dot separates levels; all of them must hold */
                            data?: {
                                [key: string]: string[] | {
                                    prefix: string;
                                } | {
                                    exists: boolean;
                                } | {
                                    not: string[];
                                };
                            };
                            types?: string[];
                        };
                        maxBacklog: number;
                        name: string;
                        ordering: "none" | "subject" | "authorizer";
                        orderingTimeoutSeconds: number;
                        paused: boolean;
                        reply: boolean;
                        retry: {
                            scheduleSeconds: number[];
                        };
                        sink: {
                            kind: "queue" | "stream" | "webhook";
                            maxLength?: number;
                            /** @description BullMQ queue that a consumer opens (prefix: bull) */
                            queue?: string;
                            /** @description whsec_…, answered once, at creation */
                            secret?: string;
                            /** @description key of the Redis stream */
                            stream?: string;
                            timeoutMs?: number;
                            url?: string;
                        };
                        throttle: {
                            perSecond: number;
                        } | null;
                        updatedAt: string;
                    };
                };
            };
        };
    };
    deleteSubscription: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description deleted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    patchSubscription: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    enabled?: boolean;
                    paused?: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        createdAt: string;
                        /** @description `true`: declared in CONFIG_FILE; the API changes `enabled` and `paused` only */
                        declared?: boolean;
                        disableAfterSeconds: number;
                        enabled: boolean;
                        fallback: "customer-service" | null;
                        match: {
                            authorizers?: string[];
                            /** @description conditions by field of `data`; a dot separates levels; all of them must hold */
                            data?: {
                                [key: string]: string[] | {
                                    prefix: string;
                                } | {
                                    exists: boolean;
                                } | {
                                    not: string[];
                                };
                            };
                            types?: string[];
                        };
                        maxBacklog: number;
                        name: string;
                        ordering: "none" | "subject" | "authorizer";
                        orderingTimeoutSeconds: number;
                        paused: boolean;
                        reply: boolean;
                        retry: {
                            scheduleSeconds: number[];
                        };
                        sink: {
                            kind: "queue" | "stream" | "webhook";
                            maxLength?: number;
                            /** @description BullMQ queue that a consumer opens (prefix: bull) */
                            queue?: string;
                            /** @description whsec_…, answered once, at creation */
                            secret?: string;
                            /** @description key of the Redis stream */
                            stream?: string;
                            timeoutMs?: number;
                            url?: string;
                        };
                        throttle: {
                            perSecond: number;
                        } | null;
                        updatedAt: string;
                    };
                };
            };
        };
    };
    listDeadLetters: {
        parameters: {
            query?: {
                /** @description `false` leaves out `data` beyond MsgType, Event, InfoType, MsgId and CreateTime, as without `events:content` */
                content?: "true" | "false";
                /** @description `nextCursor` of the page before, of the same list with the same filter, by the same caller */
                cursor?: string;
                /** @description 1 to 500, default 100 */
                limit?: string;
                /** @description only those with exactly this `lastError`, as `deadLettersByReason` of the stats has it; a page compares 5,000 */
                reason?: string;
            };
            header?: never;
            path: {
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            attempts: number;
                            /** @description as the consumer would have got it; all of `data` with `events:content` only */
                            event: unknown;
                            eventId: string;
                            failedAt: string;
                            id: string;
                            lastError: string;
                            type: string;
                        }[];
                        /** @description where the next page begins; null on the last one. A page may be short, or empty, and not be the last */
                        nextCursor: string | null;
                        /**
                         * Format: date-time
                         * @description with `reason`, when the page reached its bound: dead letters that failed before this time were not compared; `nextCursor` continues there
                         */
                        scannedTo?: string;
                    };
                };
            };
        };
    };
    discardDeadLetters: {
        parameters: {
            query?: {
                /** @description separated by commas */
                ids?: string;
            };
            header?: never;
            path: {
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        discarded: number;
                    };
                };
            };
        };
    };
    replayDeadLetters: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    ids?: string[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        replayed: number;
                    };
                };
            };
        };
    };
    listReplays: {
        parameters: {
            query?: {
                /** @description `nextCursor` of the page before, of the same list with the same filter, by the same caller */
                cursor?: string;
                /** @description 1 to 500, default 100 */
                limit?: string;
            };
            header?: never;
            path: {
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            /** @description when it began */
                            at: string;
                            delivered: number;
                            endedAt: string | null;
                            failed: number;
                            from: string;
                            /** @description deliveries that it is to make; `delivered` and `failed` add up to it in the end */
                            matched: number;
                            onlyUndelivered: boolean;
                            ratePerSecond: number;
                            /** @description attribute `replay` of the events and, at a webhook, the header `webhook-replay` */
                            replayId: string;
                            /** @description `paused` also while the subscription is paused or disabled */
                            status: "running" | "paused" | "completed" | "cancelled";
                            to: string;
                        }[];
                        /** @description where the next page begins; null on the last one. A page may be short, or empty, and not be the last */
                        nextCursor: string | null;
                    };
                };
            };
        };
    };
    beginReplay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    authorizers?: string[];
                    /** @description ISO 8601, of receipt */
                    from: string;
                    /** @description default true: what was never given, is not over, or is dead; `false`: what was delivered, too */
                    onlyUndelivered?: boolean;
                    /** @description deliveries a second at most; default 50 */
                    ratePerSecond?: number;
                    /** @description openid of the user */
                    subject?: string;
                    /** @description ISO 8601, of receipt */
                    to: string;
                    /** @description `*` at the end is a wildcard */
                    types?: string[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        matched: number;
                        replayId: string;
                    };
                };
            };
        };
    };
    getReplay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description when it began */
                        at: string;
                        delivered: number;
                        endedAt: string | null;
                        failed: number;
                        from: string;
                        /** @description deliveries that it is to make; `delivered` and `failed` add up to it in the end */
                        matched: number;
                        onlyUndelivered: boolean;
                        ratePerSecond: number;
                        /** @description attribute `replay` of the events and, at a webhook, the header `webhook-replay` */
                        replayId: string;
                        /** @description `paused` also while the subscription is paused or disabled */
                        status: "running" | "paused" | "completed" | "cancelled";
                        to: string;
                    };
                };
            };
        };
    };
    cancelReplay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description when it began */
                        at: string;
                        delivered: number;
                        endedAt: string | null;
                        failed: number;
                        from: string;
                        /** @description deliveries that it is to make; `delivered` and `failed` add up to it in the end */
                        matched: number;
                        onlyUndelivered: boolean;
                        ratePerSecond: number;
                        /** @description attribute `replay` of the events and, at a webhook, the header `webhook-replay` */
                        replayId: string;
                        /** @description `paused` also while the subscription is paused or disabled */
                        status: "running" | "paused" | "completed" | "cancelled";
                        to: string;
                    };
                };
            };
        };
    };
    pauseReplay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description when it began */
                        at: string;
                        delivered: number;
                        endedAt: string | null;
                        failed: number;
                        from: string;
                        /** @description deliveries that it is to make; `delivered` and `failed` add up to it in the end */
                        matched: number;
                        onlyUndelivered: boolean;
                        ratePerSecond: number;
                        /** @description attribute `replay` of the events and, at a webhook, the header `webhook-replay` */
                        replayId: string;
                        /** @description `paused` also while the subscription is paused or disabled */
                        status: "running" | "paused" | "completed" | "cancelled";
                        to: string;
                    };
                };
            };
        };
    };
    resumeReplay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description when it began */
                        at: string;
                        delivered: number;
                        endedAt: string | null;
                        failed: number;
                        from: string;
                        /** @description deliveries that it is to make; `delivered` and `failed` add up to it in the end */
                        matched: number;
                        onlyUndelivered: boolean;
                        ratePerSecond: number;
                        /** @description attribute `replay` of the events and, at a webhook, the header `webhook-replay` */
                        replayId: string;
                        /** @description `paused` also while the subscription is paused or disabled */
                        status: "running" | "paused" | "completed" | "cancelled";
                        to: string;
                    };
                };
            };
        };
    };
    rotateSubscriptionSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description whsec_… */
                        secret: string;
                    };
                };
            };
        };
    };
    getSubscriptionStats: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        breaker: "closed" | "open" | "half_open";
                        deadLetters: number;
                        /** @description the 20 most frequent of the newest 5,000 */
                        deadLettersByReason: {
                            [key: string]: number;
                        };
                        /** @description attempts that delivered, in the last 60 minutes */
                        delivered1h: number;
                        /** @description attempts that failed, in the last 60 minutes */
                        failed1h: number;
                        /** @description the first failure since the last success */
                        failingSince: string | null;
                        /** @description out of that queue, over all workers */
                        inFlight: number;
                        lastError: string | null;
                        lastSuccessAt: string | null;
                        oldestWaitingSeconds: number | null;
                        /** @description of the attempts of the last 60 to 70 minutes; 5 % exact */
                        p50Ms: number | null;
                        p95Ms: number | null;
                        /** @description in its deliveries queue, retries included */
                        waiting: number;
                    };
                };
            };
        };
    };
    testSubscription: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        eventId: string;
                    };
                };
            };
        };
    };
    matchSubscriptions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description id of a configured platform, `open1` by default */
                platform: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    event?: {
                        authorizerappid?: string;
                        data?: {
                            [key: string]: unknown;
                        };
                        type: string;
                    };
                    eventId?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            matches: boolean;
                            /** @description the first member that fails: `enabled`, `match.authorizers`, `match.types` or `match.data.<field>` */
                            reason: string | null;
                            subscription: string;
                        }[];
                    };
                };
            };
        };
    };
    listAudit: {
        parameters: {
            query?: {
                /** @description one of docs/configuration.md */
                action?: string;
                /** @description appid */
                authorizer?: string;
                /** @description its name */
                caller?: string;
                /** @description `nextCursor` of the page before, of the same list with the same filter, by the same caller */
                cursor?: string;
                /** @description ISO 8601 */
                from?: string;
                /** @description 1 to 500, default 100 */
                limit?: string;
                /** @description ISO 8601 */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            action: string | null;
                            at: string;
                            /** @description null also for calls about several that are counted together */
                            authorizer: string | null;
                            by: "key" | "session";
                            /** @description null: a sign-in with a key that is not known */
                            caller: string | null;
                            /** @description how many calls it stands for: those that services repeat within a minute are one entry */
                            count: number;
                            method: string;
                            /** @description `OK`, or the code of the refusal */
                            outcome: string;
                            platform: string | null;
                            requestId: string;
                            /** @description as in this document, with `:` in front of parameters */
                            route: string;
                            statusCode: number;
                            subscription: string | null;
                        }[];
                        /** @description where the next page begins; null on the last one. A page may be short, or empty, and not be the last */
                        nextCursor: string | null;
                    };
                };
            };
        };
    };
    getCatalogue: {
        parameters: {
            query?: never;
            header?: {
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the gateway knows about WeChat. It limits nothing: rows that are missing are allowed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        apis: {
                            /**
                             * @description the query also names component_appid
                             * @enum {boolean}
                             */
                            componentAppidInQuery?: true;
                            /** @description none: reads only; repeatable: a second call changes nothing more */
                            effect: "none" | "repeatable" | "not-repeatable";
                            method: "GET" | "POST";
                            /** @description WeChat's own page */
                            page: string;
                            /** @description exact; an API's `action` is in its query */
                            path: string;
                            /** @description any one of them is enough */
                            permissionSets: number[];
                            /** @description denied: the gateway never calls it for a caller; needs-tokens-read: its answer has a token or ticket */
                            proxy?: "denied" | "needs-tokens-read";
                            titleEn: string;
                            titleZh: string;
                            /** @description user: a web authorization's token; none: the API takes a secret, or nothing */
                            token: "account" | "component" | "account-or-component" | "user" | "none";
                            /** @description name of the query parameter; left out without a token */
                            tokenParameter?: "access_token" | "component_access_token";
                            /** @description members of this row on which public sources are silent or disagree */
                            uncertain?: string[];
                        }[];
                        errcodes: {
                            actionEn: string;
                            actionZh: string;
                            code: number;
                            /** @description decides what the gateway does; access-token-invalid: the token of the call, of an account or the component; misconfigured: a setting or a bug, a person must act; forbidden: the account lacks the permission, or is punished or frozen */
                            kind: "busy" | "access-token-invalid" | "ticket-invalid" | "not-authorized" | "refresh-token-invalid" | "authorization-code-invalid" | "quota-day" | "quota-minute" | "ip-not-allowed" | "misconfigured" | "forbidden" | "message-refused" | "other";
                            meaningEn: string;
                            meaningZh: string;
                            /** @description WeChat's own page */
                            page: string;
                            /** @description when the same call may be made again */
                            retry: "no" | "backoff" | "after-token-refresh" | "next-minute" | "next-day";
                            /** @description members of this row on which public sources are silent or disagree */
                            uncertain?: string[];
                        }[];
                        events: {
                            /** @description kinds of account that it comes from, or is about */
                            accounts: ("official-account" | "mini-program")[];
                            event?: string;
                            /** @description beyond ToUserName, FromUserName, CreateTime, MsgType and Event, or AppId, CreateTime and InfoType */
                            fields: {
                                /** @description leaves only */
                                example?: string;
                                /**
                                 * @description a ticket or a code: no consumer gets it
                                 * @enum {boolean}
                                 */
                                hidden?: true;
                                meaningEn: string;
                                meaningZh: string;
                                /** @description a dot separates levels */
                                path: string;
                                /** @description always an array; everywhere: an element of this name is an array in every event; here: only below this parent */
                                repeated?: "everywhere" | "here";
                                /** @description time: a Unix time in seconds. Consumers of the gateway get every leaf as a string */
                                type: "string" | "integer" | "number" | "time" | "object";
                            }[];
                            infoType?: string;
                            msgType?: string;
                            /**
                             * @description WeChat takes an answer in a format of its own, not `success`
                             * @enum {boolean}
                             */
                            ownAnswer?: true;
                            /** @description WeChat's own page */
                            page: string;
                            /** @description component: the component's event URL; callback: an account's message and event URL */
                            source: "component" | "callback";
                            /** @description as consumers of the gateway get it */
                            type: string;
                            /** @description members of this row on which public sources are silent or disagree */
                            uncertain?: string[];
                            whenEn: string;
                            whenZh: string;
                        }[];
                        permissionSets: {
                            /** @description who can grant it */
                            accounts: ("official-account" | "mini-program")[];
                            /** @description to one platform at a time only; null: unknown */
                            exclusive: boolean | null;
                            id: number;
                            nameEn: string;
                            nameZh: string;
                            /** @description WeChat's own page */
                            page: string;
                            /** @description members of this row on which public sources are silent or disagree */
                            uncertain?: string[];
                        }[];
                    };
                };
            };
        };
    };
    getSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        caller: string;
                        /** @description to be sent in x-csrf-token with every request of the session */
                        csrfToken: string;
                        /** @description null = all rights */
                        grants: {
                            /** @description of those in docs/configuration.md */
                            actions?: string[];
                            /** @description patterns of paths of WeChat */
                            apis?: string[];
                            /** @description appids */
                            authorizers?: string[];
                            /** @description left out = all, as in CONFIG_FILE; so are the others */
                            platforms?: string[];
                        }[] | null;
                        /** @description ids of the platforms on which the caller has any right */
                        platforms: string[];
                    };
                };
            };
        };
    };
    signIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    key: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        caller: string;
                        /** @description to be sent in x-csrf-token with every request of the session */
                        csrfToken: string;
                        /** @description null = all rights */
                        grants: {
                            /** @description of those in docs/configuration.md */
                            actions?: string[];
                            /** @description patterns of paths of WeChat */
                            apis?: string[];
                            /** @description appids */
                            authorizers?: string[];
                            /** @description left out = all, as in CONFIG_FILE; so are the others */
                            platforms?: string[];
                        }[] | null;
                        /** @description ids of the platforms on which the caller has any right */
                        platforms: string[];
                    };
                };
            };
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getDiagnosis: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        checks: {
                            id: string;
                            /** @description null: of the whole gateway */
                            platform: string | null;
                            status: "ok" | "warning" | "problem";
                            title: {
                                en: string;
                                zh: string;
                            };
                            what: {
                                en: string;
                                zh: string;
                            };
                            whatToDo: {
                                en: string;
                                zh: string;
                            } | null;
                        }[];
                        /** @description of the process that answers; no secret. `callers` and `subscriptions` only for callers that reach all platforms */
                        settings: {
                            [key: string]: unknown;
                        };
                    };
                };
            };
        };
    };
    getLiveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ok";
                    };
                };
            };
        };
    };
    getOpenApi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        checks: {
                            name: string;
                            ok: boolean;
                            reason?: string;
                        }[];
                        status: "ready" | "not ready";
                        /** @description what an operator should know; the status does not depend on it */
                        warnings: string[];
                    };
                };
            };
        };
    };
}
