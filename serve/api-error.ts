/** What a client of the endpoint gets when its request is not answered: a status and OpenAI's error body. */
import { type ErrorCode, type ErrorParts, EvalrunError } from '../errors.js';

export interface ApiErrorOptions extends ErrorParts {
  /** HTTP status. */
  readonly status: number;
  /** The field of the body that is meant, e.g. `prompt`. */
  readonly param?: string;
  /** OpenAI's name of the defect where it has one, e.g. `context_length_exceeded`; default the evalrun code. */
  readonly wireCode?: string;
  /** Seconds after which another try makes sense. */
  readonly retryAfter?: number;
}

export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

export class ApiError extends EvalrunError {
  readonly status: number;
  readonly param: string | null;
  readonly wireCode: string;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, options: ApiErrorOptions) {
    super(code, options);
    this.status = options.status;
    this.param = options.param ?? null;
    this.wireCode = options.wireCode ?? code.replace('/', '_').replaceAll('-', '_');
    this.retryAfter = options.retryAfter;
  }

  toBody(): ErrorBody {
    return { error: { message: this.message, type: typeOf(this.status), param: this.param, code: this.wireCode } };
  }
}

/** Whatever was thrown, as what a client may see: an unforeseen error keeps its words to itself. */
export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof EvalrunError) return fromEngine(error);
  const { statusCode, message } = error as { statusCode?: unknown; message?: unknown };
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new ApiError('serve/request', { status: statusCode, what: withoutPeriod(String(message)) });
  }
  return new ApiError('internal/serve', { status: 500, what: 'The server failed while it answered' });
}

function fromEngine(error: EvalrunError): ApiError {
  const what = withoutPeriod(error.message);
  switch (error.code) {
    case 'engine/context-length':
      return new ApiError(error.code, { status: 400, wireCode: 'context_length_exceeded', what });
    case 'engine/empty-prompt':
    case 'engine/token-id':
    case 'usage/sampling':
    case 'memory/kv-cache':
    case 'tokenizer/chat-template':
      return new ApiError(error.code, { status: 400, what });
    case 'engine/closed':
      return new ApiError(error.code, { status: 503, what, retryAfter: 5 });
    default:
      return new ApiError(error.code, { status: 500, what });
  }
}

function withoutPeriod(text: string): string {
  return text.replace(/\.$/, '');
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 404) return 'not_found_error';
  if (status === 429) return 'rate_limit_error';
  return status < 500 ? 'invalid_request_error' : 'server_error';
}
